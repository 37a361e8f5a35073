#!/usr/bin/env bash
# Compare the plans of two revisions, show the table in the summary of the job, and keep one comment with it on the pull request.
# Revisions, plans and limits come from the environment, so that no name in them is read as shell.
set -uo pipefail

marker='<!-- traincarbon diff -->'
table="$(mktemp)"
read -r -a plans <<< "${PLANS:-}"
limits=()
[ -z "${FAIL_ABOVE:-}" ] || limits=(--fail-above "$FAIL_ABOVE")

"$CARBON" diff "$BASE" "$HEAD" "${plans[@]}" --markdown "${limits[@]}" > "$table"
status=$?
[ -s "$table" ] || exit "$status"
[ -z "${GITHUB_STEP_SUMMARY:-}" ] || cat "$table" >> "$GITHUB_STEP_SUMMARY"

# The same comment is edited with each push; without the right to comment the summary remains.
if [ -n "${PULL_REQUEST:-}" ]; then
    comments="repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments"
    old="$(gh api --paginate "$comments" --jq ".[] | select(.body | startswith(\"$marker\")) | .id" | head -n 1)"
    if [ -n "$old" ]; then
        gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$old" --field "body=@$table"
    else
        gh api --silent --method POST "$comments" --field "body=@$table"
    fi || echo "::warning::the comment cannot be written; the table is in the summary"
fi
exit "$status"
