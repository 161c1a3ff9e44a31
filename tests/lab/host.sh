#!/usr/bin/env bash
# The first process of a host of the lab's: host.sh NAME LAB
set -euo pipefail
name=$1 lab=$2

mount --make-rprivate /
hostname "$name"
mount -t tmpfs -o size=1g tmpfs /dev/shm
mount -t tmpfs -o size=1g,mode=1777 tmpfs "$lab/local"
mount --bind "$lab/hosts" /etc/hosts
mount -t sysfs sysfs /sys 2>/dev/null || true
touch "$lab/run/$name.ready"

trap : CHLD
trap '' TERM INT HUP
while :; do
    sleep 3600 &
    wait $! || true
done
