"""Makes peft/config_keys.json: the keys of adapter_config.json that an installed PEFT knows for LoRA.

Run: python Tests/Goldens/generate_peft_keys.py, where peft is installed; its source is read and not run.
"""

import ast
import importlib.metadata
import importlib.util
import json
from pathlib import Path

CLASSES = {"config.py": ("PeftConfigMixin", "PeftConfig"), "tuners/lora/config.py": ("LoraConfig",)}


def keys():
    folder = Path(importlib.util.find_spec("peft").origin).parent
    for name, classes in CLASSES.items():
        for item in ast.parse((folder / name).read_text(encoding="utf-8")).body:
            if isinstance(item, ast.ClassDef) and item.name in classes:
                yield from (field.target.id for field in item.body if isinstance(field, ast.AnnAssign))


known = {"peft_version": importlib.metadata.version("peft"), "keys": sorted(set(keys()))}
(Path(__file__).parent / "peft" / "config_keys.json").write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
