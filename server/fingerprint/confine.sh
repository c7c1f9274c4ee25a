# Takes from a decoder process what it does not need, and becomes it. Run by `confine.ts` as
#   sh confine.sh VIEW CPU_S ADDRESS_KIB DATA_KIB FILES TASKS MOUNTS FOLDER… -- FILE… -- COMMAND…
# VIEW: "root" leaves of the file system the MOUNTS alone (a table like fstab, onto the FOLDERs and FILEs, both below
# /sys); "hidden" covers /proc; "all" leaves it as it is. The first two need a mount namespace of their own, and
# privileges in it. A limit of 0 is not set.
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
view=$1 cpu=$2 address=$3 data=$4 files=$5 tasks=$6 mounts=$7
shift 7

# Processes and threads have one letter in bash, another in dash and BusyBox.
tasks_letter=-p
! (ulimit -u) >/dev/null 2>&1 || tasks_letter=-u

# When memory runs out, this one goes first. It may always say so of itself.
[ ! -w /proc/self/oom_score_adj ] || echo 1000 >/proc/self/oom_score_adj

# A file system in memory, over a directory that every Linux has and no decoder needs, becomes the root. umount wants to
# read /proc, by a link that leads nowhere afterwards.
if [ "$view" = root ]; then
  mount -n -t tmpfs -o size=256k,mode=755,nosuid,nodev,noexec none /sys
  folders=
  while [ "$1" != -- ]; do
    folders=$folders$1:
    shift
  done
  (IFS=: && mkdir -p /sys/old $folders)
  shift
  while [ "$1" != -- ]; do
    : >"$1"
    shift
  done
  shift
  ln -s old/proc /sys/proc
  printf '%s\n' "$mounts" >/sys/mounts
  mount -n -a -T /sys/mounts
  : >/sys/mounts
  mount -n -o remount,bind,ro,nosuid,nodev,noexec /sys
  cd /sys
  pivot_root . old
  cd /
  PATH=/old/usr/bin:/old/bin umount -n -l /old
else
  [ "$view" != hidden ] || mount -n -t tmpfs -o size=4k,mode=555,ro,nosuid,nodev,noexec none /proc
  shift 2
fi

# What it may use. Regular files can then not be written at all, wherever they are.
ulimit -c 0
ulimit -f 0
ulimit -n "$files"
[ "$cpu" = 0 ] || ulimit -t "$cpu"
[ "$address" = 0 ] || ulimit -v "$address"
[ "$data" = 0 ] || ulimit -d "$data"
[ "$tasks" = 0 ] || ulimit "$tasks_letter" "$tasks"

unset PWD OLDPWD SHLVL
exec "$@"
