#!/usr/bin/env bash
# Build wheel and source archive; with each Python of 3.11, 3.12 and 3.13 that is here, install the wheel alone and run README's commands.
# first_steps.py says how. With an argument, run it with one Python only and write the page of that name.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
python=$(realpath -s "${PYTHON:-python3}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "building wheel and source archive"
"$python" -m build --no-isolation --outdir "$work/dist" . >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }

if [ $# = 1 ]; then
    "$python" tests/packaging/first_steps.py --wheel "$work"/dist/*.whl --work "$work/page" --write "$1"
    exit
fi

# The interpreters of the search path and of pyenv, one for each version.
pythons=("$python")
versions=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
for version in 3.11 3.12 3.13; do
    for found in "$(command -v "python$version" || true)" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$version".*/bin/python; do
        case " $versions " in *" $version "*) break ;; esac
        if "$found" -c "import ensurepip, sys; sys.exit('%d.%d' % sys.version_info[:2] != '$version')" 2>/dev/null; then
            pythons+=("$found")
            versions="$versions $version"
        fi
    done
done
# One after another would take a minute each.
processes=()
for index in "${!pythons[@]}"; do
    "$python" tests/packaging/first_steps.py --wheel "$work"/dist/*.whl --python "${pythons[$index]}" --work "$work/$index" &
    processes+=($!)
done
failed=0
for process in "${processes[@]}"; do wait "$process" || failed=1; done
exit "$failed"
