"""Writes tokenizer-bpe.model and tokenizer-unigram.model beside this script: SentencePiece models of under 4 KiB.

    python3 Tests/Fuzz/Seeds/generate.py

Made with sentencepiece 0.2.3. The normaliser is the identity: the table of any other has hundreds of kilobytes.
"""

import io
import pathlib

import sentencepiece

TEXT = ["the cat sat on the mat", "a cat and a hat", "that is the hat of the cat", "she sat and he sat"] * 20


def main() -> None:
    for kind in ("bpe", "unigram"):
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(TEXT), model_writer=model, model_type=kind, vocab_size=40,
            normalization_rule_name="identity", user_defined_symbols=["[INST]"], hard_vocab_limit=False)
        path = pathlib.Path(__file__).parent / f"tokenizer-{kind}.model"
        path.write_bytes(model.getvalue())
        print(path.name, len(model.getvalue()))


if __name__ == "__main__":
    main()
