package data

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Download is a published file with a known hash.
type Download struct {
	URL    string
	SHA256 string // in hex
	// Token is sent to the host of URL as a bearer token, and to no other that it redirects to. Default
	// "": none.
	Token string
}

const (
	downloadTries = 5
	stallAfter    = 60 * time.Second // without a byte, give up on a connection
)

// To fetches the file to path, unless it is there, with the right
// hash. It writes to path.part, goes on from there after a broken connection or
// an earlier, interrupted run, and renames the file once its hash is right: what
// has the name was whole. Progress goes to w, and a line if what was there is
// damaged.
func (f Download) To(path string, w io.Writer) error {
	err := checkSum(path, f.SHA256)
	if err == nil {
		return nil
	}
	if errors.Is(err, errDamagedFile) {
		fmt.Fprintf(w, "data: %v; downloading it anew\n", err)
	}
	if err := f.fetch(path, w); err != nil {
		return fmt.Errorf("data: downloading %s to %s (or fetch it by other means and give its path): %w", f.URL, path, err)
	}
	return nil
}

func (f Download) fetch(path string, w io.Writer) error {
	// One process downloads; the others wait for it, then find the file.
	part, err := lockPart(path)
	if err != nil {
		return err
	}
	if checkSum(path, f.SHA256) == nil {
		part.discard()
		return nil
	}
	defer part.release()

	wait := time.Second
	for try := 1; ; try++ {
		err = f.resume(part.File, filepath.Base(path), w)
		if err == nil {
			break
		}
		var final statusError
		if errors.As(err, &final) || try == downloadTries {
			return err
		}
		fmt.Fprintf(w, "\n%v; trying again\n", err)
		time.Sleep(wait)
		wait *= 2
	}

	err = checkSum(part.Name(), f.SHA256)
	if errors.Is(err, errDamagedFile) {
		// What is there is not a beginning of the file: a resumed download
		// would never become right.
		if err := part.Truncate(0); err != nil {
			return err
		}
		return fmt.Errorf("%w; it was discarded, so that the next try starts afresh", err)
	}
	if err != nil {
		return err
	}
	return part.become()
}

// statusError is an answer that will not change by asking again.
type statusError string

func (s statusError) Error() string { return "the server answers " + string(s) }

// resume appends to part what is missing of the file.
func (f Download) resume(part *os.File, name string, w io.Writer) error {
	have, err := part.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	stalled := time.AfterFunc(stallAfter, func() { cancel(fmt.Errorf("no data for %v", stallAfter)) })
	defer stalled.Stop()

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.URL, nil)
	if err != nil {
		return err
	}
	if f.Token != "" {
		request.Header.Set("Authorization", "Bearer "+f.Token)
	}
	if have > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
	}
	client := http.Client{CheckRedirect: LeaveTokenBehind}
	response, err := client.Do(request)
	if err != nil {
		return errors.Join(context.Cause(ctx), err)
	}
	defer response.Body.Close()

	switch code := response.StatusCode; {
	case code == http.StatusPartialContent && have > 0:
		if start, ok := rangeStart(response.Header.Get("Content-Range")); !ok || start != have {
			return statusError(fmt.Sprintf("with the range %q to bytes=%d-", response.Header.Get("Content-Range"), have))
		}
	case code == http.StatusOK:
		// The server sends the whole file, whatever was asked for.
		have = 0
		if err := part.Truncate(0); err != nil {
			return err
		}
		if _, err := part.Seek(0, io.SeekStart); err != nil {
			return err
		}
	case code == http.StatusRequestedRangeNotSatisfiable && have > 0:
		// Nothing is missing: the run that wrote it ended before the check.
		return nil
	case code >= 500 || code == http.StatusTooManyRequests:
		return fmt.Errorf("the server answers %s", response.Status)
	default:
		return statusError(response.Status)
	}

	total := int64(-1)
	if response.ContentLength >= 0 {
		total = have + response.ContentLength
	}
	p := newProgress(w, name, total, "", 0)
	p.bar.Set64(have)
	buffer := make([]byte, 256<<10)
	for {
		n, err := response.Body.Read(buffer)
		stalled.Reset(stallAfter)
		if _, err := part.Write(buffer[:n]); err != nil {
			return err
		}
		p.add(n)
		have += int64(n)
		if err == io.EOF {
			p.end()
			return nil
		}
		if err != nil {
			return fmt.Errorf("after %d bytes: %w", have, errors.Join(context.Cause(ctx), err))
		}
	}
}

// mostRedirects is how many redirects are followed, as net/http does by itself.
const mostRedirects = 10

// LeaveTokenBehind is the CheckRedirect of a client whose requests hold a token: it is left out where
// another host or port is redirected to, or from HTTPS to HTTP. net/http alone also sends it to other
// ports and to subdomains of the host, such as that of a content network.
func LeaveTokenBehind(next *http.Request, via []*http.Request) error {
	if len(via) >= mostRedirects {
		return fmt.Errorf("stopped after %d redirects", mostRedirects)
	}
	first := via[0].URL
	if next.URL.Host != first.Host || first.Scheme == "https" && next.URL.Scheme != "https" {
		next.Header.Del("Authorization")
	}
	return nil
}

// rangeStart reads the first byte's position of a "bytes 10-99/100" header.
func rangeStart(header string) (int64, bool) {
	span, ok := strings.CutPrefix(header, "bytes ")
	if !ok {
		return 0, false
	}
	first, _, ok := strings.Cut(span, "-")
	if !ok {
		return 0, false
	}
	start, err := strconv.ParseInt(first, 10, 64)
	return start, err == nil
}
