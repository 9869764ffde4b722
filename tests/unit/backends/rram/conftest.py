import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

# Examples encode and simulate whole programs; a busy machine must not fail them.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")
