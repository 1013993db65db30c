package hub

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeHub is a server that answers as the hub does, by huggingface_hub's file_download.py and
// utils/_http.py: small files it gives itself, under git's SHA-1, and large ones it redirects to
// another host, under their SHA-256. Python's huggingface_hub (commit ee0a4510 of August 2026) was
// seen to download from it, with its errors of what is not there, and each of the two to find offline
// what the other had put into the cache.
type fakeHub struct {
	hub, cdn *httptest.Server

	mu       sync.Mutex
	branches map[string]string            // Which commit each is.
	commits  map[string]map[string][]byte // The files of each.
	repo     string
	renamed  string // A name of before.
	token    string // That opens the repository; "": it is public.
	gated    bool
	down     bool
	cut      int  // After how many bytes the next connection to the large files is cut; 0: not at all.
	wrong    bool // The large files come with other bytes.
	asked    []string
	leaked   bool // The token came to the other host.
}

const (
	oldCommit = "1111111111111111111111111111111111111111"
	newCommit = "2222222222222222222222222222222222222222"
)

func newHub(t *testing.T) *fakeHub {
	f := &fakeHub{
		repo: "timm/tiny.test", branches: map[string]string{"main": oldCommit},
		commits: map[string]map[string][]byte{
			oldCommit: {"model.safetensors": bytes.Repeat([]byte("old "), 50_000), "config.json": []byte(`{"architecture": "old"}`)},
			newCommit: {"model.safetensors": bytes.Repeat([]byte("new "), 50_000), "config.json": []byte(`{"architecture": "new"}`)},
		},
	}
	f.hub = httptest.NewServer(http.HandlerFunc(f.answer))
	f.cdn = httptest.NewServer(http.HandlerFunc(f.content))
	f.cdn.Config.ErrorLog, f.hub.Config.ErrorLog = nil, nil
	t.Cleanup(f.hub.Close)
	t.Cleanup(f.cdn.Close)
	return f
}

// client is one with an empty cache.
func (f *fakeHub) client(t *testing.T) client {
	return client{endpoint: f.hub.URL, cache: t.TempDir(), log: io.Discard, wait: time.Millisecond}
}

func (f *fakeHub) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// requests are what was asked for since the last call, and forgets them.
func (f *fakeHub) requests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	asked := f.asked
	f.asked = nil
	return asked
}

// answer is the hub: /<owner>/<name>/resolve/<revision>/<file>.
func (f *fakeHub) answer(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, r.Method+" "+r.URL.Path)
	refuse := func(status int, code, message string) {
		w.Header().Set("X-Error-Code", code)
		w.Header().Set("X-Error-Message", message)
		w.WriteHeader(status)
	}
	if f.down {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	name, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/resolve/")
	if f.renamed != "" && name == f.renamed {
		w.Header().Set("Location", "/"+f.repo+"/resolve/"+rest)
		w.WriteHeader(http.StatusTemporaryRedirect)
		return
	}
	given := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case given == "unknown":
		refuse(http.StatusUnauthorized, "", "Invalid credentials in Authorization header")
		return
	case name != f.repo || f.token != "" && f.token != given && !f.gated:
		refuse(http.StatusUnauthorized, "RepoNotFound", "Repository not found")
		return
	case f.gated && f.token != given:
		refuse(http.StatusForbidden, "GatedRepo", "Access to model is restricted")
		return
	}
	revision, file, _ := strings.Cut(rest, "/")
	commit := revision
	if of, ok := f.branches[revision]; ok {
		commit = of
	}
	files, ok := f.commits[commit]
	if !ok {
		refuse(http.StatusNotFound, "RevisionNotFound", "Invalid rev id: "+revision)
		return
	}
	w.Header().Set("X-Repo-Commit", commit)
	content, ok := files[file]
	if !ok {
		refuse(http.StatusNotFound, "EntryNotFound", "Entry not found")
		return
	}
	if path.Ext(file) != ".safetensors" {
		w.Header().Set("ETag", `"`+gitSum(content)+`"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
		return
	}
	sum := sha256.Sum256(content)
	w.Header().Set("X-Linked-Etag", `"`+hex.EncodeToString(sum[:])+`"`)
	w.Header().Set("X-Linked-Size", fmt.Sprint(len(content)))
	w.Header().Set("ETag", `"of the answer itself"`)
	w.Header().Set("Location", f.cdn.URL+"/"+commit+"/"+file+"?signed")
	w.WriteHeader(http.StatusFound)
}

// content is the other host, with ranges.
func (f *fakeHub) content(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, strings.TrimSpace("content "+r.Header.Get("Range")))
	f.leaked = f.leaked || r.Header.Get("Authorization") != ""
	commit, file, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	content := f.commits[commit][file]
	if f.wrong {
		content = bytes.Repeat([]byte("bad "), len(content)/4)
	}
	if f.cut > 0 {
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		w.Write(content[:f.cut])
		f.cut = 0
		panic(http.ErrAbortHandler)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}
