"""How the documentation becomes pages: `sphinx-build -W docs build/docs`. A test does it, and fails at a lost link."""

project = "labctl"
author = "The labctl developers"
project_copyright = author

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
root_doc = "contents"
html_theme = "furo"
html_title = "labctl"

myst_heading_anchors = 3
autodoc_typehints = "description"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
napoleon_custom_sections = [("Class attributes", "Attributes")]
