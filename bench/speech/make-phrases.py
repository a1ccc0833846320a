"""Speaks abusive phrases of models/phrases.tsv for bench/alert-latency.ts with Open JTalk and free HTS voices.

    pip install -r scripts/speech/requirements.txt
    python bench/speech/make-phrases.py --voices VOICES

VOICES holds the HTS voices that NOTICE names. Writes bench/speech/phrases/*.wav (8 kHz, mono, µ-law, −20 dBFS RMS while
speaking) and bench/speech/phrases.tsv, which names each with its text, category and level; the same bytes every time.
Phrases are taken evenly from each category's list. excessiveDemand is left out: a demand alone raises nothing.
"""
import argparse
import csv
import importlib.util
from pathlib import Path

import numpy as np
import soundfile
from pyopenjtalk.htsengine import HTSEngine

ROOT = Path(__file__).resolve().parents[2]
QUOTA = {
    "threat": 14,
    "announcedViolence": 12,
    "verbalAbuse": 12,
    "authority": 10,
    "sexual": 10,
    "socialMedia": 6,
    "offPremises": 5,
    "repeat": 4,
    "detention": 3,
}
# voice, speed, half tones
SPEAKERS = [
    ("man", 1.0, 0),
    ("man", 1.15, 3),
    ("angry", 1.0, 0),
    ("mei/mei_angry.htsvoice", 1.0, 0),
]


def make_speech():
    """The voices and the levels of the box's own prompts."""
    spec = importlib.util.spec_from_file_location("make_speech", ROOT / "scripts/speech/make-speech.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def chosen():
    with open(ROOT / "models/phrases.tsv", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if int(row["level"]) >= 2]
    for category, quota in QUOTA.items():
        group = [row for row in rows if row["category"] == category]
        for n in np.linspace(0, len(group) - 1, min(quota, len(group))).round().astype(int):
            yield group[n]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voices", type=Path, required=True)
    voices = parser.parse_args().voices
    speech = make_speech()
    folder = ROOT / "bench/speech/phrases"
    folder.mkdir(exist_ok=True)
    lines = ["file\ttext\tcategory\tlevel"]
    for n, row in enumerate(chosen()):
        voice, speed, half_tones = SPEAKERS[n % len(SPEAKERS)]
        engine = HTSEngine(str(voices / speech.VOICES.get(voice, voice)).encode())
        wave = speech.trimmed(speech.speak(engine, row["text"], speed, half_tones), after_s=0.1)
        name = f"{n + 1:02}.wav"
        samples = np.round(speech.level(wave) * 32767).astype(np.int16)
        soundfile.write(folder / name, samples, speech.RATE, subtype="ULAW")
        lines.append(f"{name}\t{row['text']}\t{row['category']}\t{row['level']}")
    (ROOT / "bench/speech/phrases.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines) - 1} phrases")


if __name__ == "__main__":
    main()
