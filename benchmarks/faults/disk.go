//go:build linux

package main

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// isReadOnly tells whether an error is that of a file system that is read-only.
func isReadOnly(err error) bool { return errors.Is(err, syscall.EROFS) }

// mount mounts a file system of a size in KiB in a folder. It takes root.
func mount(folder string, kib int) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	return syscall.Mount("sslkit-faults", folder, "tmpfs", 0, fmt.Sprintf("size=%dk", kib))
}

func remount(folder string, flags uintptr, kib int) error {
	return syscall.Mount("sslkit-faults", folder, "tmpfs", syscall.MS_REMOUNT|flags, fmt.Sprintf("size=%dk", kib))
}

const roomy = 64 << 10 // KiB

// disks are full ones, which get room again, and read-only ones.
func disks() []fault {
	var all []fault
	for _, family := range []string{"simclr", "byol", "supervised", "folder"} {
		for i := range 8 {
			all = append(all, fault{fmt.Sprintf("disk/%s/full-%d", family, i), "the disk is full",
				func(s *stage, folder string, random *rand.Rand) (outcome, error) {
					return s.fillDisk(folder, family, i, random)
				}})
		}
		all = append(all,
			fault{"disk/" + family + "/read-only-finished", "a finished run is on a read-only disk",
				func(s *stage, folder string, _ *rand.Rand) (outcome, error) { return s.readOnly(folder, family, true) }},
			fault{"disk/" + family + "/read-only-interrupted", "an interrupted run is on a read-only disk",
				func(s *stage, folder string, _ *rand.Rand) (outcome, error) { return s.readOnly(folder, family, false) }})
	}
	return all
}

// fillDisk runs on a disk that has too little room, at eight sizes up to what a run takes, then with
// room.
func (s *stage) fillDisk(folder, family string, i int, random *rand.Rand) (outcome, error) {
	_, whole, err := s.unbroken(family)
	if err != nil {
		return outcome{}, err
	}
	used, err := usedKiB(whole)
	if err != nil {
		return outcome{}, err
	}
	disk := filepath.Join(folder, "disk")
	if err := mount(disk, max(used*i/8+random.IntN(max(used/8, 1)), 8)); err != nil {
		return outcome{Result: notRun, Said: err.Error()}, nil
	}
	defer syscall.Unmount(disk, syscall.MNT_DETACH)
	e, err := s.run(s.whatIn(disk, family, "whole"))
	if err != nil {
		return outcome{}, err
	}
	first := judge(e, s.whole[family], "no space left", "is the disk full")
	if first.bad() {
		return first, nil
	}
	if err := remount(disk, 0, roomy); err != nil {
		return outcome{}, err
	}
	o, err := s.recover(disk, family)
	if o.Result == same {
		return first, err
	}
	return o, err
}

// usedKiB is the room that the files of a folder take in pages.
func usedKiB(folder string) (int, error) {
	total := 0
	err := filepath.Walk(folder, func(_ string, info os.FileInfo, err error) error {
		if err == nil {
			total += int(info.Size()+4095) / 4096 * 4
		}
		return err
	})
	return total, err
}

// readOnly evaluates a finished run, or goes on with an interrupted one, on a disk that is read-only.
func (s *stage) readOnly(folder, family string, finished bool) (outcome, error) {
	disk := filepath.Join(folder, "disk")
	if err := mount(disk, roomy); err != nil {
		return outcome{Result: notRun, Said: err.Error()}, nil
	}
	defer syscall.Unmount(disk, syscall.MNT_DETACH)
	do := "whole"
	if finished {
		do = "evaluate"
		if err := s.copyOf(family, disk); err != nil {
			return outcome{}, err
		}
		if err := os.RemoveAll(filepath.Join(disk, "run", "features")); err != nil {
			return outcome{}, err
		}
	} else if err := s.interrupted(disk, family); err != nil {
		return outcome{}, err
	}
	if err := remount(disk, syscall.MS_RDONLY, roomy); err != nil {
		return outcome{}, err
	}
	e, err := s.run(s.whatIn(disk, family, do))
	if err != nil {
		return outcome{}, err
	}
	want := maps.Clone(s.whole[family])
	if strings.Contains(e.output, "the report is not kept") {
		delete(want, "report")
	}
	o := judge(e, want, "read-only file system")
	if finished && o.Result == named || strings.Contains(o.Said, "panic") {
		o.Result = lost // It can be evaluated.
	}
	return o, nil
}
