"""A file of real triples in; useful tokens/s of this project's training and of trl's SFTTrainer out, on the same rows.

A small Llama with random weights, NF4 and LoRA on all linear layers, the loss on the answers, one epoch, on a CPU or
one GPU. trl runs with its defaults but for what makes the work the same: epochs, learning rate, length limit, adapter,
answers alone in the loss; and once more without the bf16 and the checkpointing of its defaults, which cost much on a
CPU. The batches of both have as many tokens on average, padding included, so that ours, with less padding, are fewer;
ours therefore runs once more with batches as trl makes them, to compare the losses. A process each.

    pip install trl==1.16.0
    python benchmarks/training_speed.py --triples TRIPLES.parquet                                       # two cores
    python benchmarks/training_speed.py --triples TRIPLES.parquet --shape mistral-7b --rows 4_000 \\
        --batch-tokens 16_384 --attention flex_attention                                                # a big GPU
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import torch

ROWS_OF_TRL = 8  # its default per_device_train_batch_size
LEARNING_RATE = 1e-3
HARDWARE_FLOPS = {"H100": 989e12, "H200": 989e12, "A100": 312e12}  # dense bf16, by the maker
SHAPES = {
    "5m": {"hidden_size": 256, "intermediate_size": 704, "num_hidden_layers": 4, "num_attention_heads": 4},
    "mistral-7b": {
        "hidden_size": 4_096,
        "intermediate_size": 14_336,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "vocab_size": 32_000,
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--triples", type=Path, required=True, help="Parquet with original_text, rewrite_prompt, ...")
    parser.add_argument("--rows", type=int, default=1_500)
    parser.add_argument("--shape", choices=SHAPES, default="5m")
    parser.add_argument("--batch-tokens", type=int, help="of ours; without it those of trl's batches")
    parser.add_argument("--attention", help="of both; without it what transformers chooses")
    parser.add_argument("--checkpointing", action="store_true", help="ours with activation checkpointing, as trl's")
    parser.add_argument("--measure", nargs=2, metavar=("WHO", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(_measured(arguments)))
        return
    with tempfile.TemporaryDirectory() as folder:
        _prepare(arguments, Path(folder))
        for who in ("trl", "trl, fp32, no checkpointing", "ours", "ours, batches as trl's"):
            command = [sys.executable, *sys.argv, "--measure", who, folder]
            print(who, subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1])


def _prepare(arguments: argparse.Namespace, folder: Path) -> None:
    """Write the rows, and a Llama of random weights with a tokeniser trained on them."""
    from transformers import LlamaConfig, LlamaForCausalLM

    from prompt_recovery.train.tiny_base import train_tokenizer

    frame = pd.read_parquet(arguments.triples).sample(arguments.rows, random_state=0, replace=True)
    tokenizer = train_tokenizer(frame, 8_192)
    special = {name: getattr(tokenizer, name) for name in ("pad_token_id", "bos_token_id", "eos_token_id")}
    shape = {"vocab_size": len(tokenizer)} | SHAPES[arguments.shape]
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        torch.manual_seed(0)
        model = LlamaForCausalLM(LlamaConfig(**shape, **special, dtype=torch.bfloat16))
    print(f"{sum(one.numel() for one in model.parameters()):,} parameters, {len(frame)} rows")
    model.save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    frame.to_parquet(folder / "rows.parquet", index=False)


def _measured(arguments: argparse.Namespace) -> dict[str, float]:
    from prompt_recovery.config import Base, Lora, RunConfig, Train
    from prompt_recovery.engines.recoverer import load_recoverer
    from prompt_recovery.train import stepper
    from prompt_recovery.train.examples import training_rows
    from prompt_recovery.train.losses import mean_loss

    who, folder = arguments.measure[0], Path(arguments.measure[1])
    base = Base(model=str(folder / "model"), attention=arguments.attention)
    run = RunConfig(name="benchmark", data="none", base=base, lora=Lora(rank=16))
    loaded = load_recoverer(run, None)
    parameters = sum(one.numel() for one in loaded.model.parameters() if one.dtype.is_floating_point)
    parameters += sum(2 * one.numel() for one in loaded.model.parameters() if not one.dtype.is_floating_point)
    rows = training_rows(pd.read_parquet(folder / "rows.parquet"), loaded.chat)
    lengths, pad_id = [len(row.ids) for row in rows], loaded.tokenizer.pad_token_id
    groups = [lengths[start : start + ROWS_OF_TRL] for start in range(0, len(lengths), ROWS_OF_TRL)]
    of_trl = round(sum(max(group) * len(group) for group in groups) / len(groups))
    before = mean_loss(loaded.model, rows[:200], of_trl, pad_id)
    tokens = arguments.batch_tokens or of_trl
    if who.startswith("ours"):
        options = {"batch_tokens": tokens, "activation_checkpointing": arguments.checkpointing, "validations": 1}
        if who != "ours":
            stepper.plan_batches = _in_random_order
        train = Train(learning_rate=LEARNING_RATE, warmup_share=0, **options)  # trl warms up on request only
        seconds, model = _ours(loaded, rows, train, run, folder)
    else:
        alike = {} if who == "trl" else {"bf16": torch.cuda.is_available(), "gradient_checkpointing": False}
        seconds, model = _trl(loaded, rows, run, folder, alike)
    after, useful = mean_loss(model, rows[:200], of_trl, pad_id), sum(lengths)
    found = {
        "tokens_per_second": round(useful / seconds, 1),
        "useful_tokens": useful,
        "seconds": round(seconds, 1),
        "batch_tokens": tokens if who.startswith("ours") else of_trl,
        "loss_before": round(before, 3),
        "loss_after": round(after, 3),
    }
    return found | (_of_the_gpu(useful / seconds * 4 * parameters) if torch.cuda.is_available() else {})


def _in_random_order(rows: list, batch_tokens: int, seed: int, *, packed: bool) -> list[list[int]]:
    order = random.Random(seed).sample(range(len(rows)), len(rows))
    return [order[start : start + ROWS_OF_TRL] for start in range(0, len(order), ROWS_OF_TRL)]


def _of_the_gpu(flops: float) -> dict[str, float | str]:
    """Return peak memory, and the share of the hardware's FLOPs that were useful: 4 a token and parameter."""
    name = torch.cuda.get_device_name()
    most = next((most for kind, most in HARDWARE_FLOPS.items() if kind in name), float("nan"))
    return {
        "gpu": name,
        "peak_gib": round(torch.cuda.max_memory_allocated() / 2**30, 1),
        "utilisation": round(flops / most, 3),
    }


def _ours(base, rows, train, run, folder) -> tuple[float, torch.nn.Module]:
    from prompt_recovery.engines.language_model import add_adapter
    from prompt_recovery.train.fitting import fit

    model = add_adapter(base.model, run.lora, run.seed)
    if train.activation_checkpointing:
        model.activation_checkpointing_enable({"use_reentrant": False})
        model.enable_input_require_grads()
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
