# Sourced by script/run and script/test: makes .venv with labctl in it, and does nothing when that is done already.
#
# set_up NAME [PIP-ARGUMENT...]
#   NAME says which set-up this is (it names the stamp); the arguments are added to `pip install -e .`.
#
# Finished work is recognised by .venv/labctl-NAME.stamp, which holds a hash of everything the set-up depended on. It is
# written last, so a set-up that was cut short is simply done again. bash 3.2 is enough (macOS).

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=$root/.venv

# Packages from another environment would hide those of this one.
unset PYTHONHOME PYTHONPATH

say() { printf '%s\n' "$*" >&2; }

give_up() {
    say "$*"
    exit 1
}

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

# Debian and Ubuntu ship Python without the module that puts pip into a new environment.
can_make_venv() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

install_venv_module() {
    local package
    package=$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        give_up "Python at $1 cannot make virtual environments: install its venv module (on Debian and Ubuntu: apt-get install $package) and start again."
    fi
    say "Installing $package, which this machine's Python lacks ..."
    export DEBIAN_FRONTEND=noninteractive
    { apt-get -qq update && apt-get -qq install --yes "$package"; } </dev/null >/dev/null ||
        give_up "apt-get could not install $package: see the lines above."
    can_make_venv "$1" || give_up "Python at $1 still cannot make virtual environments although $package is installed."
}

# Sets `python` to an interpreter that can make an environment; one that already can is preferred to one that needs help.
find_python() {
    local name candidate="" path
    for name in python3.11 python3 python3.12 python3.13 python3.14 python; do
        path=$(command -v "$name") && is_new_enough "$path" || continue
        if can_make_venv "$path"; then
            python=$path
            return
        fi
        candidate=${candidate:-$path}
    done
    [ -n "$candidate" ] || give_up "labctl needs Python 3.11 or newer, and none of python3, python3.11 ... python3.14 on the PATH is."
    install_venv_module "$candidate"
    python=$candidate
}

# The environment starts, has pip, and was made where it lies now: the programs of a moved or copied one would start
# Python in the old place. (pyvenv.cfg names the place, unless another tool than Python's own made the environment.)
venv_works() {
    "$venv/bin/python" - "$venv" <<'PYTHON' >/dev/null 2>&1
import pathlib, sys
import pip
here = sys.argv[1]
lines = pathlib.Path(here, "pyvenv.cfg").read_text().splitlines()
commands = [line for line in lines if line.startswith("command = ")]
in_place = all(command.endswith(" " + here) for command in commands)
sys.exit(not (in_place and pathlib.Path(sys.prefix).samefile(here) and sys.version_info >= (3, 11)))
PYTHON
}

# Every file that pip says it installed is there: an environment that lost files looks installed to pip.
venv_is_complete() {
    "$venv/bin/python" - <<'PYTHON' >&2
import sys
from importlib.metadata import distributions
lost = [f for d in distributions() for f in d.files or () if f.suffix != ".pyc" and not f.locate().exists()]
sys.exit(bool(lost) and f"{len(lost)} installed files are missing, {lost[0]} among them.")
PYTHON
}

# What a finished set-up depends on: what was asked for, where it lies, and what lies in the environment.
fingerprint() {
    {
        cat "$root/pyproject.toml" "$root/script/setup.sh"
        printf '%s\n' "$venv" "$@"
        "$venv/bin/python" -c 'import sys; print(sys.version)' 2>&1
        ls "$venv/bin" "$venv"/lib/python*/site-packages 2>&1 | grep -v __pycache__
    } | cksum
}

install() {
    local pip=("$venv/bin/python" -m pip --disable-pip-version-check --no-input --quiet)
    # pip learnt about dependency groups in 25.1.
    "${pip[@]}" install --upgrade "pip>=25.1" </dev/null >&2 &&
        (cd "$root" && "${pip[@]}" install --editable ".[gui]" "$@" </dev/null >&2)
}

make_environment() {
    local python
    if ! venv_works; then
        find_python
        say "Making $venv with $("$python" --version) ..."
        rm -rf "$venv"
        "$python" -m venv "$venv" </dev/null >&2 || give_up "The virtual environment $venv could not be made: see the lines above."
    fi
    say "Installing labctl and what it needs into $venv (once; a minute or two) ..."
    install "$@" || give_up "pip could not install labctl into $venv: see the lines above, and start again when the cause is gone."
}

set_up() {
    local stamp=$venv/labctl-$1.stamp
    shift
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(fingerprint "$@")" ]; then
        return
    fi
    make_environment "$@"
    if ! venv_is_complete; then
        say "The environment is damaged and is made anew."
        rm -rf "$venv"
        make_environment "$@"
        venv_is_complete || give_up "The environment $venv is damaged again right after it was made: is the disk full?"
    fi
    fingerprint "$@" >"$stamp"
}

# Two set-ups at once would write into one environment; the second waits, then finds the work done.
set_up_alone() {
    if command -v flock >/dev/null; then
        (flock 9 && set_up "$@") 9<"$root/script/setup.sh"
    else
        (set_up "$@")
    fi
}
