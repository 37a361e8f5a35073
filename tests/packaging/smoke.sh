#!/usr/bin/env bash
# Build wheel and source archive, install the wheel alone into a new environment, and use it from another folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
python=$(realpath -s "${PYTHON:-python3}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "building wheel and source archive"
"$python" -m build --no-isolation --outdir "$work/dist" . >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
"$python" -m venv "$work/env"
"$work/env/bin/python" -m pip install -qq -c constraints.txt "$work"/dist/*.whl

cd "$work"
for command in --help --version "estimate --params 530e9 --tokens 270e9 --hw dgx-a100 --save plan.toml" "report plan.toml -o plan.html" "db check" "runs list --store runs"; do
    echo "carbon $command"
    # shellcheck disable=SC2086 # the words of a command
    env -u PYTHONPATH "$work/env/bin/carbon" $command >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
done
