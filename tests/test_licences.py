from small_wheels import make_wheel

from prompt_recovery.submit.licences import licences_text

CARD = "---\nbase_model: x\nlicense: {}\ntags:\n- a\n---\nlicense: not this\n"


def model(folder, **texts):
    folder.mkdir(parents=True)
    files = {"model.safetensors": "", **texts}
    for name, text in files.items():
        (folder / name).write_text(text)
    return {f"models/{folder.name}/{name}": folder / name for name in files}


def test_every_wheel_and_model_is_named_with_its_licence_and_the_texts_that_lie_beside(tmp_path):
    texts = {"a-1.0.dist-info/licenses/LICENSE": "Permission is granted", "a/license_check.py": "no licence"}
    wheel = make_wheel(tmp_path, "a", licence="MIT", files=texts)
    files = model(tmp_path / "gemma", **{"README.md": CARD.format("gemma"), "NOTICE": "Gemma is provided under"})
    files |= model(tmp_path / "bare") | model(tmp_path / "odd", **{"README.md": "no settings"})
    said = licences_text(files, [wheel], {"hub/base": "owner/model/framework/variation/1"})
    assert f"{wheel.name}: MIT\n" in said and "a-1.0.dist-info/licenses/LICENSE\n\nPermission is granted\n" in said
    assert "models/gemma: gemma\n" in said and "models/gemma/NOTICE\n\nGemma is provided under\n" in said
    assert "models/bare: not stated\n" in said and "models/odd: not stated\n" in said
    assert "hub/base: mounted from owner/model/framework/variation/1, under the licence shown there" in said
    assert "not this" not in said and "no licence" not in said
