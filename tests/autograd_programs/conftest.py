"""The programs in this folder are read as text by test_autograd_programs.py, not imported."""

collect_ignore_glob = ["[!c]*.py", "c[!o]*.py", "conv*.py"]
