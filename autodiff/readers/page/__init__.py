"""The parts of the page that steps through a trace: what happens at each step, the picture, template, style, script."""
