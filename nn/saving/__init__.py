"""Files of numbers: parameters, optimisers and whole training runs, written atomically and read strictly.

`nn.save(path, obj)` and `nn.load(path, into=None)` are for any state; the format is described
in `nn.saving.archive`.

`nn.fit(…, checkpoint="run.npz", checkpoint_every="epoch", resume=False)` writes the state of
the training after each epoch, or with an int after so many steps, and when it ends or is
interrupted. With `resume=True` it goes on from the file, if there is one: the parameters, the
optimiser, the schedule, the order of the samples, the generators of the layers and the
figures are then, to the last byte, those of a training that was never interrupted. The model,
optimiser, data and options must be made as they were; the seed is taken from the file.
Without `resume` a file that is there already is an error: nothing is replaced unasked.
"""

from nn.saving.errors import CheckpointError
from nn.saving.files import load, save

__all__ = ["CheckpointError", "load", "save"]
