# Shared by the scripts here. Source it first: it goes to the top of the repository.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# ccache, where it is there: no second run of the preprocessor, and precompiled headers are no obstacle.
export CCACHE_DEPEND=1 CCACHE_SLOPPINESS=pch_defines,time_macros

say() { printf '== %s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# configure DIR [MESON-OPTION...]: makes a build directory unless it is there; ninja keeps it up to date.
configure() {
  local dir=$1
  shift
  [[ -f $dir/build.ninja ]] || meson setup "$dir" "$@"
}
