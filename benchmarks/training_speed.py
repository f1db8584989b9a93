"""A file of real triples in; useful tokens/s of this project's training and of trl's SFTTrainer out, on the same rows.

A small Llama with random weights, NF4 and LoRA on all linear layers, the loss on the answers, one epoch, on a CPU or
one GPU. trl runs with its defaults but for what makes the work the same: epochs, learning rate, length limit, adapter,
answers alone in the loss; and once more without the bf16 and the checkpointing of its defaults, which cost much on a
CPU. The batches of both have as many tokens on average, padding included. Each runs in a process of its own.

    pip install trl==1.16.0
    python benchmarks/training_speed.py --triples TRIPLES.parquet
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import torch

ROWS_OF_TRL = 8  # its default per_device_train_batch_size
LEARNING_RATE = 1e-3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--triples", type=Path, required=True, help="Parquet with original_text, rewrite_prompt, ...")
    parser.add_argument("--rows", type=int, default=1_500)
    parser.add_argument("--measure", nargs=2, metavar=("WHO", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        who, folder = arguments.measure
        print(json.dumps(_measured(who, Path(folder))))
        return
    with tempfile.TemporaryDirectory() as folder:
        _prepare(arguments.triples, arguments.rows, Path(folder))
        for who in ("trl", "trl, fp32, no checkpointing", "ours"):
            command = [sys.executable, __file__, "--triples", arguments.triples, "--measure", who, folder]
            print(who, subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1])


def _prepare(triples: Path, rows: int, folder: Path) -> None:
    """Write the rows, and a Llama of 5 million parameters with a tokeniser trained on them."""
    from prompt_recovery.config import FromScratch
    from prompt_recovery.train.tiny_base import new_model, train_tokenizer

    frame = pd.read_parquet(triples).sample(rows, random_state=0).reset_index(drop=True)
    tokenizer = train_tokenizer(frame, 8_192)
    shape = FromScratch(hidden_size=256, intermediate_size=704, layers=4, heads=4, vocabulary=8_192)
    model = new_model(tokenizer, shape, seed=0)
    print(f"{sum(one.numel() for one in model.parameters()):,} parameters, {rows} rows")
    model.save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    frame.to_parquet(folder / "rows.parquet")


def _measured(who: str, folder: Path) -> dict[str, float]:
    from prompt_recovery.config import Base, Chat, Lora, RunConfig, Train
    from prompt_recovery.engines.recoverer import load_recoverer
    from prompt_recovery.train.examples import training_rows
    from prompt_recovery.train.losses import mean_loss

    run = RunConfig(
        name="benchmark", data="none", base=Base(model=str(folder / "model")), lora=Lora(rank=16), chat=Chat()
    )
    base = load_recoverer(run, None)
    rows = training_rows(pd.read_parquet(folder / "rows.parquet"), base.chat)
    lengths = [len(row.ids) for row in rows]
    groups = [lengths[start : start + ROWS_OF_TRL] for start in range(0, len(lengths), ROWS_OF_TRL)]
    batch_tokens = round(sum(max(group) * len(group) for group in groups) / len(groups))
    before = mean_loss(base.model, rows[:200], batch_tokens, base.tokenizer.pad_token_id)
    train = Train(learning_rate=LEARNING_RATE, batch_tokens=batch_tokens, activation_checkpointing=False, validations=1)
    if who == "ours":
        seconds, model = _ours(base, rows, train, run, folder)
    else:
        alike = {} if who == "trl" else {"bf16": False, "gradient_checkpointing": False}
        seconds, model = _trl(base, rows, run, folder, alike)
    after = mean_loss(model, rows[:200], batch_tokens, base.tokenizer.pad_token_id)
    useful = sum(lengths)
    return {
        "tokens_per_second": round(useful / seconds, 1),
        "useful_tokens": useful,
        "seconds": round(seconds, 1),
        "batch_tokens": batch_tokens,
        "loss_before": round(before, 3),
        "loss_after": round(after, 3),
    }


def _ours(base, rows, train, run, folder) -> tuple[float, torch.nn.Module]:
    from prompt_recovery.engines.language_model import add_adapter
    from prompt_recovery.train.fitting import fit

    model = add_adapter(base.model, run.lora, run.seed)
    options = {
        "pad_id": base.tokenizer.pad_token_id,
        "seed": 0,
        "metrics_path": folder / "metrics.jsonl",
        "title": "ours",
    }
    started = time.monotonic()
    fit(model, rows, {"train": rows[:8]}, train, **options)
    return time.monotonic() - started, model


def _trl(base, rows, run, folder, alike) -> tuple[float, torch.nn.Module]:
    from datasets import Dataset
    from peft import LoraConfig
    from trl import SFTConfig, SFTTrainer

    ids = [
        {"input_ids": row.ids, "completion_mask": [0] * (len(row.ids) - row.answer_length) + [1] * row.answer_length}
        for row in rows
    ]
    lora = run.lora
    adapter = LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        use_rslora=lora.rank_stabilised,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    settings = SFTConfig(
        output_dir=str(folder / "trl"),
        num_train_epochs=1,
        learning_rate=LEARNING_RATE,
        lr_scheduler_type="cosine",
        max_length=None,
        completion_only_loss=True,
        report_to=[],
        save_strategy="no",
        use_cpu=not torch.cuda.is_available(),
        **alike,
    )
    trainer = SFTTrainer(
        base.model,
        args=settings,
        train_dataset=Dataset.from_list(ids),
        processing_class=base.tokenizer,
        peft_config=adapter,
    )
    started = time.monotonic()
    trainer.train()
    return time.monotonic() - started, trainer.model


if __name__ == "__main__":
    main()
