# Sourced by script/run and script/test after setup.sh: the shared libraries that the window needs, and for the tests a
# screen that nobody looks at. On Linux only; Windows and macOS bring them along.

# What Debian and Ubuntu call the libraries that Qt's own do not bring.
screen_packages="libegl1 libgl1 libglib2.0-0 libdbus-1-3 libfontconfig1 libxkbcommon0 libxkbcommon-x11-0 libxcb-cursor0
libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-sync1 libxcb-xfixes0
libxcb-xkb1 fonts-dejavu-core"

# Prints the libraries that are missing, and `a font` where there is none.
missing_for_the_window() {
    local qt=$venv/lib/python*/site-packages/PyQt6
    # The pattern is meant to be expanded: it is one folder.
    # shellcheck disable=SC2086
    ldd $qt/QtWidgets.abi3.so $qt/QtNetwork.abi3.so $qt/QtSvg.abi3.so $qt/Qt6/plugins/platforms/libqxcb.so \
        $qt/Qt6/plugins/platforms/libqoffscreen.so 2>/dev/null | awk '/not found/ { print $1 }' | sort -u
    find /usr/share/fonts /usr/local/share/fonts "$HOME/.local/share/fonts" "$HOME/.fonts" \
        \( -name '*.ttf' -o -name '*.otf' \) -print -quit 2>/dev/null | grep -q . || echo "a font"
}

# install_for_the_window WHAT PACKAGE...
install_for_the_window() {
    local what=$1
    shift
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        say "labctl's window needs $what; on Debian and Ubuntu: apt-get install $*"
        return
    fi
    say "Installing what labctl's window needs of the system ($what) ..."
    export DEBIAN_FRONTEND=noninteractive
    { apt-get -qq update && apt-get -qq install --yes --no-install-recommends "$@"; } </dev/null >/dev/null ||
        say "apt-get could not install it: see the lines above. Everything but the window works without."
}

set_up_window() {
    [ "$(uname -s)" = Linux ] || return 0
    local missing
    missing=$(missing_for_the_window | paste -s -d ' ' -)
    if [ -n "$missing" ]; then
        # The list is meant to be split into words.
        # shellcheck disable=SC2086
        install_for_the_window "$missing" $screen_packages
    fi
}

# An X server whose screen is memory, for the tests that open the window on a real one, and what moves its mouse.
set_up_test_screen() {
    [ "$(uname -s)" = Linux ] || return 0
    { command -v Xvfb && command -v xdotool; } >/dev/null ||
        install_for_the_window "Xvfb and xdotool, for tests" xvfb xdotool
}
