# Sourced by script/test after setup.sh: makes .venv-peers, where other people's software drives the simulated instruments
# (tests/peers), and does nothing when that is done already.
#
# It cannot be in .venv: one of them calls itself `instruments`, and their pins do not fit ours. Finished work is
# recognised by .venv-peers/peers.stamp, which holds a hash of what was asked for, and is written last.

peers=$root/.venv-peers
peers_lists=$root/tests/peers

# What a finished set-up depends on: the two lists, this file, where it lies, and the Python.
peers_fingerprint() {
    {
        cat "$peers_lists/requirements.txt" "$peers_lists/requirements-alone.txt" "$root/script/peers.sh"
        printf '%s\n' "$peers"
        "$peers/bin/python" -c 'import pip, sys; print(sys.version)' 2>&1
    } | cksum
}

make_peers() {
    # Twice quiet: errors only, for pip warns of conflicts that are the reason for this environment.
    local pip=("$peers/bin/python" -m pip --disable-pip-version-check --no-input -qq install)
    rm -rf "$peers"
    "$venv/bin/python" -m venv "$peers" </dev/null >&2 &&
        "${pip[@]}" --requirement "$peers_lists/requirements.txt" </dev/null >&2 &&
        "${pip[@]}" --no-deps --requirement "$peers_lists/requirements-alone.txt" </dev/null >&2
}

set_up_peers() {
    local stamp=$peers/peers.stamp
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(peers_fingerprint)" ]; then
        return
    fi
    say "Installing other people's software for tests/peers into $peers (once; a minute or two) ..."
    make_peers || give_up "pip could not install other people's software into $peers: see the lines above, and start again when the cause is gone."
    peers_fingerprint >"$stamp"
}

# Two set-ups at once would write into one environment; the second waits, then finds the work done.
set_up_peers_alone() {
    if command -v flock >/dev/null; then
        (flock 9 && set_up_peers) 9<"$root/script/peers.sh"
    else
        (set_up_peers)
    fi
}
