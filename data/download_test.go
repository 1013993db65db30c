package data

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func hexSum(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// fileServer serves one file with ranges, and notes what was asked for.
type fileServer struct {
	*httptest.Server
	mu     sync.Mutex
	ranges []string
}

func serve(t *testing.T, handle http.HandlerFunc) *fileServer {
	t.Helper()
	s := &fileServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.ranges = append(s.ranges, r.Header.Get("Range"))
		s.mu.Unlock()
		handle(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func serveContent(content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}
}

func TestCIFARDownload(t *testing.T) {
	format := cifar10Format
	content := cifarArchive(t, format, 30)
	server := serve(t, serveContent(content))
	format.archive = Download{URL: server.URL + "/cifar-10-binary.tar.gz", SHA256: hexSum(content)}
	cache := filepath.Join(t.TempDir(), "cache")
	var log bytes.Buffer
	for range 2 {
		folder, err := format.cached(cache, &log)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := format.read(folder, format.test)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(raw, cifarRecords(format, 20)) {
			t.Error("the unpacked file is not what was packed")
		}
	}
	if len(server.ranges) != 1 {
		t.Errorf("%d requests, want one: the second time it is there", len(server.ranges))
	}
	if !strings.Contains(log.String(), "cifar-10-binary.tar.gz") || !strings.Contains(log.String(), "100%") {
		t.Errorf("progress reads %q", log.String())
	}
	names, err := os.ReadDir(cache)
	if err != nil {
		t.Fatal(err)
	}
	if len(names) != 2 {
		t.Errorf("the cache holds %v, want the archive and the folder", names)
	}
}

// TestCIFARUnpacksAnew damages what is in the cache.
func TestCIFARUnpacksAnew(t *testing.T) {
	t.Parallel()
	format := cifar10Format
	content := cifarArchive(t, format, 10)
	server := serve(t, serveContent(content))
	format.archive = Download{URL: server.URL + "/cifar-10-binary.tar.gz", SHA256: hexSum(content)}
	cache := t.TempDir()
	folder, err := format.cached(cache, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(cache, "cifar-10-binary.tar.gz")
	file := filepath.Join(folder, "data_batch_2.bin")
	for _, c := range []struct {
		name   string
		damage func()
		says   []string
	}{
		{"a pixel", func() {
			raw := cifarRecords(format, 10)
			raw[100] ^= 1
			write(t, file, raw)
		}, []string{file + " is damaged", "unpacking"}},
		{"no file", func() { os.Remove(file) }, []string{"data_batch_2.bin", "unpacking"}},
		{"the sums", func() { write(t, filepath.Join(folder, "SHA256SUMS"), []byte("abc  data_batch_2.bin\n")) }, []string{"is damaged", "unpacking"}},
		{"no sums", func() { os.Remove(filepath.Join(folder, "SHA256SUMS")) }, []string{"holds no SHA256SUMS", "unpacking"}},
		{"the archive too", func() {
			write(t, file, nil)
			write(t, archive, content[:len(content)-1])
		}, []string{file + " is damaged", archive + " is damaged", "downloading it anew"}},
		{"the archive alone", func() { write(t, archive, content[1:]) }, nil},
		{"a killed process", func() {
			os.RemoveAll(folder)
			write(t, folder+".unpack/data_batch_9.bin", nil)
			write(t, folder+".unpack-123/data_batch_9.bin", nil)
			write(t, folder+".part", nil)
			write(t, folder+".lock", nil)
			write(t, archive, content)
		}, nil},
	} {
		c.damage()
		var log bytes.Buffer
		if _, err := format.cached(cache, &log); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		for _, part := range c.says {
			if !strings.Contains(log.String(), part) {
				t.Errorf("%s: it says %q, not %q", c.name, log.String(), part)
			}
		}
		if len(c.says) == 0 && log.Len() > 0 {
			t.Errorf("%s: it says %q", c.name, log.String())
		}
		if raw, err := format.read(folder, format.train); err != nil || !bytes.Equal(raw[:10*3073], cifarRecords(format, 10)) || len(raw) != 50*3073 {
			t.Errorf("%s: the files are not as they were packed, %v", c.name, err)
		}
	}
	if names, err := os.ReadDir(cache); err != nil || len(names) != 2 {
		t.Errorf("the cache holds %v, %v", names, err)
	}
	if len(server.ranges) != 2 {
		t.Errorf("%d requests, want two", len(server.ranges))
	}
}

// TestDownloadChecksWhatIsThere fetches a damaged file anew, as MNIST and MedMNIST
// do.
func TestDownloadChecksWhatIsThere(t *testing.T) {
	t.Parallel()
	content := []byte("the right content")
	server := serve(t, serveContent(content))
	path := write(t, filepath.Join(t.TempDir(), "file"), []byte("the rigHt content"))
	var log bytes.Buffer
	file := Download{URL: server.URL, SHA256: hexSum(content)}
	if err := file.To(path, &log); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, content) {
		t.Errorf("the file is %q, %v", got, err)
	}
	if !strings.Contains(log.String(), path+" is damaged") || !strings.Contains(log.String(), "downloading it anew") {
		t.Errorf("it says %q", log.String())
	}
	// Where it can't be fetched, what is there stays.
	write(t, path, []byte("wrong"))
	file.URL = serve(t, http.NotFound).URL
	wantError(t, file.To(path, io.Discard), "404", path)
	if got, err := os.ReadFile(path); err != nil || string(got) != "wrong" {
		t.Errorf("the file is %q, %v", got, err)
	}
}

func TestDownloadResumes(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789"), 10_000)
	server := serve(t, serveContent(content))
	path := filepath.Join(t.TempDir(), "file")
	write(t, path+".part", content[:30_000])
	if err := (Download{URL: server.URL, SHA256: hexSum(content)}).To(path, io.Discard); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, content) {
		t.Error("the resumed file differs")
	}
	if len(server.ranges) != 1 || server.ranges[0] != "bytes=30000-" {
		t.Errorf("asked for %q, want only the rest", server.ranges)
	}

	// All was there but the rename: the server answers that there is no more.
	path = filepath.Join(t.TempDir(), "file")
	write(t, path+".part", content)
	if err := (Download{URL: server.URL, SHA256: hexSum(content)}).To(path, io.Discard); err != nil {
		t.Error(err)
	}
}

func TestDownloadGoesOnAfterABreak(t *testing.T) {
	content := bytes.Repeat([]byte("abcdefgh"), 50_000)
	breaks := 1
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if breaks > 0 {
			breaks--
			w.Header().Set("Content-Length", "400000")
			w.Write(content[:100_000])
			panic(http.ErrAbortHandler) // cuts the connection
		}
		serveContent(content)(w, r)
	})
	server.Config.ErrorLog = nil
	path := filepath.Join(t.TempDir(), "file")
	if err := (Download{URL: server.URL, SHA256: hexSum(content)}).To(path, io.Discard); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, content) {
		t.Errorf("the file differs, %v", err)
	}
	if len(server.ranges) != 2 || !strings.HasPrefix(server.ranges[1], "bytes=") {
		t.Errorf("asked for %q, want the whole, then the rest", server.ranges)
	}
}

func TestDownloadFromAServerWithoutRanges(t *testing.T) {
	content := []byte("the whole file, every time")
	server := serve(t, func(w http.ResponseWriter, r *http.Request) { w.Write(content) })
	path := filepath.Join(t.TempDir(), "file")
	write(t, path+".part", []byte("the wh"))
	if err := (Download{URL: server.URL, SHA256: hexSum(content)}).To(path, io.Discard); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(path); !bytes.Equal(got, content) {
		t.Errorf("the file is %q", got)
	}
}

func TestDownloadChecksTheHash(t *testing.T) {
	content := []byte("right")
	server := serve(t, serveContent(content))
	path := filepath.Join(t.TempDir(), "file")
	file := Download{URL: server.URL, SHA256: hexSum([]byte("rigHt"))}
	wantError(t, file.To(path, io.Discard), server.URL, path, hexSum(content), file.SHA256, "afresh")
	if _, err := os.Stat(path); err == nil {
		t.Error("a file with a wrong hash has the final name")
	}
	// A damaged beginning is found out, and does not stay.
	file.SHA256 = hexSum(content)
	write(t, path+".part", []byte("wro"))
	wantError(t, file.To(path, io.Discard), "SHA-256")
	if err := file.To(path, io.Discard); err != nil {
		t.Errorf("the next try: %v", err)
	}
}

func TestDownloadReportsTheServersAnswer(t *testing.T) {
	server := serve(t, http.NotFound)
	path := filepath.Join(t.TempDir(), "file")
	wantError(t, (Download{URL: server.URL, SHA256: ""}).To(path, io.Discard), "404", server.URL, "its path")
	if len(server.ranges) != 1 {
		t.Errorf("%d requests for a file that is not there, want one", len(server.ranges))
	}
}

// TestDownloadOnce runs several at a time: one fetches, the others wait.
func TestDownloadOnce(t *testing.T) {
	content := bytes.Repeat([]byte("x"), 1<<20)
	server := serve(t, serveContent(content))
	path := filepath.Join(t.TempDir(), "file")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := (Download{URL: server.URL, SHA256: hexSum(content)}).To(path, io.Discard); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(server.ranges) != 1 {
		t.Errorf("%d requests for one file", len(server.ranges))
	}
	if _, err := os.Stat(path + ".part"); err == nil {
		t.Error("a part is left over")
	}
}

func TestTokenStaysWithItsHost(t *testing.T) {
	t.Parallel()
	for to, keeps := range map[string]bool{
		"https://hub.example/renamed":            true,
		"https://hub.example:8443/file":          false,
		"https://cdn.hub.example/file":           false,
		"https://hub.example.other.example/file": false,
		"http://hub.example/file":                false,
	} {
		first := httptest.NewRequest(http.MethodGet, "https://hub.example/file", nil)
		next := httptest.NewRequest(http.MethodGet, to, nil)
		next.Header.Set("Authorization", "Bearer secret")
		if err := LeaveTokenBehind(next, []*http.Request{first}); err != nil || (next.Header.Get("Authorization") != "") != keeps {
			t.Errorf("%s: %v, the token is %q", to, err, next.Header.Get("Authorization"))
		}
		if err := LeaveTokenBehind(next, make([]*http.Request, mostRedirects)); err == nil {
			t.Errorf("%s: redirects without an end are no error", to)
		}
	}
}

// TestDownloadSendsItsTokenToOneHost: the server of the content has the same host and another port.
func TestDownloadSendsItsTokenToOneHost(t *testing.T) {
	t.Parallel()
	content := []byte("weights")
	tokens := make(chan string, 2)
	elsewhere := serve(t, func(w http.ResponseWriter, r *http.Request) {
		tokens <- r.Header.Get("Authorization")
		serveContent(content)(w, r)
	})
	hub := serve(t, func(w http.ResponseWriter, r *http.Request) {
		tokens <- r.Header.Get("Authorization")
		http.Redirect(w, r, elsewhere.URL, http.StatusFound)
	})
	download := Download{URL: hub.URL, SHA256: hexSum(content), Token: "secret"}
	if err := download.To(filepath.Join(t.TempDir(), "file"), io.Discard); err != nil {
		t.Fatal(err)
	}
	if at, behind := <-tokens, <-tokens; at != "Bearer secret" || behind != "" {
		t.Errorf("the host got %q, and where it redirects %q", at, behind)
	}
}

func TestRangeStart(t *testing.T) {
	for header, want := range map[string]int64{"bytes 10-99/100": 10, "bytes 0-0/*": 0, "bytes */100": -1, "10-99": -1, "": -1} {
		got, ok := rangeStart(header)
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("%q begins at %d, %v", header, got, ok)
		}
	}
}

// TestPartIsForOneAtATime takes a part in turns, each of which removes the lock that the next one
// is waiting for.
func TestPartIsForOneAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	var holders atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				part, err := lockPart(path)
				if err != nil {
					t.Error(err)
					return
				}
				if n := holders.Add(1); n != 1 {
					t.Errorf("%d hold the part at a time", n)
				}
				holders.Add(-1)
				part.discard()
			}
		})
	}
	wg.Wait()
	if left, err := filepath.Glob(path + "*"); err != nil || len(left) != 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}
