"""Accuracy of a .tflite file on photos, prepared as the runtime prepares them."""

from dataclasses import dataclass

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from trainer.dataset import Pictures


@dataclass(frozen=True)
class Scores:
    """In percent. ``confusion`` counts coarse classes: [right answer, given answer]."""

    pictures: int
    fine_top_1: float
    fine_top_3: float
    coarse_top_1: float
    confusion: np.ndarray

    def recall(self, coarse: int) -> float:
        """Of the pictures of class ``coarse``, how many were answered so (%)."""
        return 100 * float(self.confusion[coarse, coarse]) / max(1, int(self.confusion[coarse].sum()))

    def precision(self, coarse: int) -> float:
        """Of the answers ``coarse``, how many were right (%)."""
        return 100 * float(self.confusion[coarse, coarse]) / max(1, int(self.confusion[:, coarse].sum()))

    def as_json(self) -> dict[str, object]:
        """All of it as plain numbers."""
        return {**vars(self), "confusion": self.confusion.tolist()}

    def __str__(self) -> str:
        return (
            f"fine top-1 {self.fine_top_1:.2f} %, fine top-3 {self.fine_top_3:.2f} %, "
            f"coarse top-1 {self.coarse_top_1:.2f} % of {self.pictures} pictures"
        )


def input_size(model: bytes) -> int:
    """Edge of the model's square input."""
    return int(Interpreter(model_content=model).get_input_details()[0]["shape"][1])


def probabilities(model: bytes, pixels: np.ndarray, threads: int = 2) -> np.ndarray:
    """Class probabilities, float32 [n, classes], of ``pixels`` uint8 [n, size, size, 3].

    Quantised outputs become real with the model's own scale and zero point.
    """
    interpreter = Interpreter(model_content=model, num_threads=threads)
    interpreter.allocate_tensors()
    given, answered = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero_point = answered["quantization"]
    answers = []
    for picture in pixels:
        interpreter.set_tensor(given["index"], picture[None].astype(given["dtype"]))
        interpreter.invoke()
        answer = interpreter.get_tensor(answered["index"])[0].astype(np.float32)
        answers.append((answer - zero_point) * scale if scale else answer)
    return np.array(answers, np.float32)


def score(answers: np.ndarray, fine: np.ndarray, coarse_of_fine: np.ndarray) -> Scores:
    """Compare probabilities [n, fine classes] with the right ``fine`` classes [n].

    Ties go to the lower index; a coarse class's probability is the sum of its fine ones.
    """
    ranked = np.argsort(-answers, axis=1, kind="stable")
    coarse_classes = int(coarse_of_fine.max()) + 1
    grouping = np.eye(coarse_classes, dtype=answers.dtype)[coarse_of_fine]
    right, given = coarse_of_fine[fine], np.argmax(answers @ grouping, axis=1)
    confusion = np.zeros((coarse_classes, coarse_classes), np.int64)
    np.add.at(confusion, (right, given), 1)
    return Scores(
        pictures=len(fine),
        fine_top_1=100 * float(np.mean(ranked[:, 0] == fine)),
        fine_top_3=100 * float(np.mean((ranked[:, :3] == fine[:, None]).any(axis=1))),
        coarse_top_1=100 * float(np.mean(right == given)),
        confusion=confusion,
    )


def evaluate(model: bytes, pictures: Pictures, coarse_of_fine: np.ndarray) -> Scores:
    """Scores of a model on pictures already stretched to its input size."""
    return score(probabilities(model, pictures.pixels), pictures.fine, coarse_of_fine)

