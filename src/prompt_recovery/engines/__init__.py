"""The only rooms, besides training, that import torch; here they quiet what is harmless and sent to nobody."""

import logging
import os
import warnings

os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)  # an optional kernel that is not installed
warnings.filterwarnings(
    "ignore", message="`is_gradient_checkpointing` is deprecated", category=FutureWarning
)  # in peft
