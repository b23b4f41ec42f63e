"""Finds dead relative links in the project's documents: to files that are not there, and to headings that a document lacks.

usage: check_links.py      (run from the source root)
"""
import pathlib
import re
import subprocess
import sys

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1[^\n]*$", re.S | re.M)


def prose(text):
    """The text with code taken out: what stands there is no link."""
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", text))


def anchors(path):
    """Of a document's headings, as GitHub makes them."""
    seen, found = {}, set()
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", FENCE.sub("", path.read_text(encoding="utf-8")), re.M):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number = seen.get(slug, 0)
        seen[slug] = number + 1
        found.add(slug if number == 0 else f"{slug}-{number}")
    return found


listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"], check=True, capture_output=True, text=True)
documents = sorted({pathlib.Path(name) for name in listed.stdout.split("\0") if name and pathlib.Path(name).exists()})
faults, links = [], 0
for document in documents:
    for target in LINK.findall(prose(document.read_text(encoding="utf-8"))):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue  # elsewhere: tests use no network
        links += 1
        path, _, anchor = target.partition("#")
        file = document.parent / path if path else document
        if not file.exists():
            faults.append(f"{document}: {target}: there is no such file")
        elif anchor and file.suffix == ".md" and anchor not in anchors(file):
            faults.append(f"{document}: {target}: there is no such heading")
print("\n".join(faults) or f"{links} links in {len(documents)} documents lead somewhere")
sys.exit(bool(faults) or not documents)
