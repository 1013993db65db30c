//go:build linux

package main

import (
	"encoding/binary"
	"io/fs"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"
)

// countEvents counts what a child does in a folder (files and folders made, written, closed, renamed,
// removed), until it ends or, where that is not negative, until the count is at: then it kills the
// child. So a kill can be aimed between any two steps of writing a checkpoint, features, a cache or a
// report.
func (c *child) countEvents(folder string, at int) <-chan int {
	count := make(chan int, 1)
	watched, err := syscall.InotifyInit1(syscall.IN_NONBLOCK | syscall.IN_CLOEXEC)
	if err != nil {
		count <- 0
		return count
	}
	folders := map[int32]string{}
	add := func(path string) {
		const all = syscall.IN_CREATE | syscall.IN_MODIFY | syscall.IN_CLOSE_WRITE | syscall.IN_MOVED_TO | syscall.IN_DELETE
		if id, err := syscall.InotifyAddWatch(watched, path, all); err == nil {
			folders[int32(id)] = path
		}
	}
	filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			add(path)
		}
		return nil
	})
	var ended atomic.Bool
	go func() {
		<-c.ctx.Done()
		ended.Store(true)
	}()
	go func() {
		defer syscall.Close(watched)
		n := 0
		buffer := make([]byte, 64<<10)
		for !ended.Load() {
			length, err := syscall.Read(watched, buffer)
			if err == syscall.EAGAIN {
				time.Sleep(50 * time.Microsecond)
				continue
			}
			if err != nil {
				break
			}
			for rest := buffer[:length]; len(rest) >= syscall.SizeofInotifyEvent; {
				id := int32(binary.NativeEndian.Uint32(rest))
				mask, size := binary.NativeEndian.Uint32(rest[4:]), int(binary.NativeEndian.Uint32(rest[12:]))
				name := string(rest[syscall.SizeofInotifyEvent : syscall.SizeofInotifyEvent+size])
				rest = rest[syscall.SizeofInotifyEvent+size:]
				if mask&syscall.IN_CREATE != 0 && mask&syscall.IN_ISDIR != 0 {
					add(filepath.Join(folders[id], nameOf(name)))
				}
				if n++; n == at {
					c.Process.Kill()
				}
			}
		}
		count <- n
	}()
	return count
}

// nameOf is a name without the zeros that it is filled up with.
func nameOf(padded string) string {
	for i := range len(padded) {
		if padded[i] == 0 {
			return padded[:i]
		}
	}
	return padded
}
