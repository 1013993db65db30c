package data

import (
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sync/semaphore"
)

const (
	maxFile     = 256 << 20 // bounds the compressed bytes of one image
	maxInFlight = maxFile   // bounds those of all images that are being decoded, on however many cores
	headLength  = 512       // what tells an image from another file
)

// errTooLong is what reading a file beyond maxFile gives.
var errTooLong = fmt.Errorf("the file is longer than %d MiB", maxFile>>20)

// readImage reads a file of size bytes whole where it begins as an image does,
// else only its head: what calls itself an image may be gigabytes of zeros. It
// waits until inFlight has room. Who gets the content releases its length.
func readImage(r io.Reader, size uint64, inFlight *semaphore.Weighted) ([]byte, error) {
	if size > maxFile {
		return nil, errTooLong
	}
	head := make([]byte, min(size, headLength))
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, shorter(err)
	}
	if !isImage(head) {
		return head, inFlight.Acquire(context.Background(), int64(len(head)))
	}
	if err := inFlight.Acquire(context.Background(), int64(size)); err != nil {
		return nil, err
	}
	content := make([]byte, size)
	copy(content, head)
	err := readRest(r, content[len(head):])
	if err != nil {
		inFlight.Release(int64(size))
		return nil, err
	}
	return content, nil
}

// readRest fills rest, after which the end must come: archives check their sums there.
func readRest(r io.Reader, rest []byte) error {
	if _, err := io.ReadFull(r, rest); err != nil {
		return shorter(err)
	}
	switch n, err := r.Read(make([]byte, 1)); {
	case n > 0:
		return errors.New("the file is longer than it was said to be")
	case err != nil && err != io.EOF:
		return err
	}
	return nil
}

// shorter is the error of a file that ends early.
func shorter(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
