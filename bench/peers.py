"""What people would use instead: one label a message, and nothing else.

Each peer is fitted on the seed corpus with its 15 level-1 domains, as one would who tries it out on
an afternoon; how right they are is not the question here. Those whose libraries are not installed
are passed over and named.
"""

import warnings
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.sample import read_labelled

Predict = Callable[[list[str]], Any]


def make_linear(cut: Callable[[str], list[str]]) -> Predict:
    """TF-IDF over words and a linear support vector machine: what every tutorial does."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    pipeline = make_pipeline(
        TfidfVectorizer(tokenizer=cut, token_pattern=None, lowercase=False), LinearSVC()
    )
    pipeline.fit(*read_labelled())
    return lambda texts: pipeline.predict(texts)


def make_jieba() -> Predict:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # jieba is older than the warnings it sets off
        import jieba

        jieba.setLogLevel("ERROR")
        jieba.initialize()
    return make_linear(jieba.lcut)


def make_rjieba() -> Predict:
    import rjieba

    return make_linear(rjieba.cut)


def make_fasttext() -> Predict:
    """fastText on the words of jieba, with its own defaults for 25 epochs."""
    import fasttext
    import jieba

    def join(text: str) -> str:
        return " ".join(jieba.lcut(text.replace("\n", " ")))

    texts, labels = read_labelled()
    with TemporaryDirectory() as folder:
        lines = [
            f"__label__{label} {join(text)}" for text, label in zip(texts, labels, strict=True)
        ]
        path = Path(folder) / "train.txt"
        path.write_text("\n".join(lines), encoding="utf-8")
        model = fasttext.train_supervised(str(path), epoch=25, verbose=0)
    return lambda texts: model.predict([join(text) for text in texts])


def make_bert() -> Predict:
    """The forward pass of a model of BERT-base's size, at most 512 characters a text, 8 at a time.

    Its weights are random and its tokens the characters themselves: neither changes the time.
    """
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    model = BertForSequenceClassification(BertConfig(vocab_size=21128, num_labels=15)).eval()

    def predict(texts: list[str]) -> list[int]:
        labels: list[int] = []
        with torch.inference_mode():
            for start in range(0, len(texts), 8):
                tokens = [
                    torch.tensor([ord(char) % 21128 for char in text[:512]])
                    for text in texts[start : start + 8]
                ]
                ids = torch.nn.utils.rnn.pad_sequence(tokens, batch_first=True)
                logits = model(input_ids=ids, attention_mask=(ids > 0).long()).logits
                labels += logits.argmax(dim=1).tolist()
        return labels

    return predict


# name: (what it needs, how to make it, how many messages a round it is given)
PEERS: dict[str, tuple[tuple[str, ...], Callable[[], Predict], int]] = {
    "jieba": (("jieba",), make_jieba, 512),
    "rjieba": (("rjieba",), make_rjieba, 4096),
    "fasttext": (("fasttext", "jieba"), make_fasttext, 512),
    "bert": (("torch", "transformers"), make_bert, 16),
}


def find_missing(names: Iterable[str] = PEERS) -> list[str]:
    """The peers whose libraries are not installed."""
    return [name for name in names if any(find_spec(part) is None for part in PEERS[name][0])]
