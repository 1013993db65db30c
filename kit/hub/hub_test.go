package hub

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fetched is what a client gets of a model.
func fetched(t *testing.T, c client, m Model) string {
	t.Helper()
	weights, err := c.fetch(m)
	if err != nil {
		t.Fatal(err)
	}
	return weights
}

func contentOf(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, word := range words {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("error %v does not say %q", err, word)
		}
	}
}

func TestFetchIsInTheCacheAsHuggingFaceKeepsIt(t *testing.T) {
	t.Parallel()
	f := newHub(t)
	c := f.client(t)
	var log bytes.Buffer
	c.log = &log
	weights := fetched(t, c, Model{Repo: f.repo})
	folder := filepath.Join(c.cache, "models--timm--tiny.test")
	if weights != filepath.Join(folder, "snapshots", oldCommit, "model.safetensors") {
		t.Errorf("the weights are in %s", weights)
	}
	content := f.commits[oldCommit]["model.safetensors"]
	sum := sha256.Sum256(content)
	hash := hex.EncodeToString(sum[:])
	if !bytes.Equal(contentOf(t, weights), content) {
		t.Error("the weights are others")
	}
	if to, err := os.Readlink(weights); err != nil || to != filepath.Join("..", "..", "blobs", hash) {
		t.Errorf("the weights are a link to %s, %v", to, err)
	}
	if got := contentOf(t, filepath.Join(filepath.Dir(weights), "config.json")); !bytes.Equal(got, f.commits[oldCommit]["config.json"]) {
		t.Errorf("beside them config.json is %s", got)
	}
	if got := contentOf(t, filepath.Join(folder, "refs", "main")); string(got) != oldCommit {
		t.Errorf("main is %s", got)
	}
	if got := contentOf(t, filepath.Join(folder, ".no_exist", oldCommit, "preprocessor_config.json")); len(got) > 0 {
		t.Errorf("what the commit lacks is %q", got)
	}
	if !strings.Contains(log.String(), "main of timm/tiny.test is commit "+oldCommit) {
		t.Errorf("the log is %q", log.String())
	}
	origin, known, err := OriginOf(weights)
	if want := (Origin{f.repo, oldCommit, "model.safetensors", hash}); err != nil || !known || origin != want {
		t.Errorf("the origin is %+v, %t, %v; want %+v", origin, known, err, want)
	}

	// Pinned, it is there, and nobody is asked.
	f.requests()
	if again := fetched(t, c, Model{Repo: f.repo, Revision: oldCommit}); again != weights || len(f.requests()) > 0 {
		t.Errorf("again it is in %s, and the hub was asked", again)
	}
	// As a branch the hub is asked, and gives no content again.
	if fetched(t, c, Model{Repo: f.repo}); !slices.Equal(f.requests(), []string{"HEAD /timm/tiny.test/resolve/main/model.safetensors"}) {
		t.Error("more was asked than what main is")
	}
}

// TestHashOfGit: `echo 'test content' | git hash-object --stdin`, of Pro Git, chapter 10.2.
func TestHashOfGit(t *testing.T) {
	t.Parallel()
	if got := gitSum([]byte("test content\n")); got != "d670460b4b4aece5915caf5c68d12f560a9fe3e4" {
		t.Errorf("it is %s", got)
	}
}

func TestFetchGoesOnWhereItWasCut(t *testing.T) {
	t.Parallel()
	f := newHub(t)
	content := f.commits[oldCommit]["model.safetensors"]
	for name, resume := range map[string]func(c client) error{
		"in the same process": func(c client) error {
			f.set(func() { f.cut = 60_000 })
			_, err := c.fetch(Model{Repo: f.repo, Revision: oldCommit})
			return err
		},
		"in the next": func(c client) error {
			sum := sha256.Sum256(content)
			blobs := filepath.Join(c.cache, "models--timm--tiny.test", "blobs")
			if err := os.MkdirAll(blobs, 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(blobs, hex.EncodeToString(sum[:])+".part"), content[:60_000], 0o644); err != nil {
				return err
			}
			_, err := c.fetch(Model{Repo: f.repo, Revision: oldCommit})
			return err
		},
	} {
		c := f.client(t)
		f.requests()
		if err := resume(c); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if asked := f.requests(); !slices.ContainsFunc(asked, func(request string) bool { return strings.HasPrefix(request, "content bytes=") }) {
			t.Errorf("%s: the rest alone was not asked for: %q", name, asked)
		}
		if !bytes.Equal(contentOf(t, c.snapshot(Model{Repo: f.repo}, oldCommit, "model.safetensors")), content) {
			t.Errorf("%s: the weights are others", name)
		}
	}
}

func TestFetchVerifies(t *testing.T) {
	t.Parallel()
	f := newHub(t)
	c := f.client(t)
	pinned := Model{Repo: f.repo, Revision: oldCommit}
	f.set(func() { f.wrong = true })
	_, err := c.fetch(pinned)
	wantError(t, err, "SHA-256", "model.safetensors of timm/tiny.test at "+oldCommit)
	if exists(c.snapshot(pinned, oldCommit, "model.safetensors")) {
		t.Fatal("wrong bytes are in the cache")
	}
	f.set(func() { f.wrong = false })
	weights := fetched(t, c, pinned)

	// What was changed in the cache is downloaded anew, and offline an error.
	for _, name := range []string{weights, filepath.Join(filepath.Dir(weights), "config.json")} {
		blob, err := filepath.EvalSymlinks(name)
		if err != nil {
			t.Fatal(err)
		}
		whole := contentOf(t, name)
		if err := os.WriteFile(blob, whole[:len(whole)-1], 0o644); err != nil {
			t.Fatal(err)
		}
		offline := c
		offline.offline = true
		_, err = offline.fetch(pinned)
		wantError(t, err, "is damaged")
		fetched(t, c, pinned)
		if !bytes.Equal(contentOf(t, name), whole) {
			t.Errorf("%s is still damaged", name)
		}
	}
}

// A small file that comes otherwise than the hub says is not kept either.
func TestFetchVerifiesSmallFiles(t *testing.T) {
	t.Parallel()
	f := newHub(t)
	c := f.client(t)
	path := filepath.Join(c.cache, "config.json")
	err := c.download(c.address(Model{Repo: f.repo}, oldCommit, "config.json"), description{sum: gitSum([]byte("other"))}, path)
	wantError(t, err, "git's SHA-1", gitSum([]byte("other")), gitSum(f.commits[oldCommit]["config.json"]))
	if exists(path) {
		t.Error("it is kept")
	}
}

// TestLinkThatLeadsNowhere: as in a cache whose links were absolute before it was moved.
func TestLinkThatLeadsNowhere(t *testing.T) {
	t.Parallel()
	f := newHub(t)
	c := f.client(t)
	pinned := Model{Repo: f.repo, Revision: oldCommit}
	name := c.snapshot(pinned, oldCommit, "model.safetensors")
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(t.TempDir(), "gone"), name); err != nil {
		t.Fatal(err)
	}
	if got := contentOf(t, fetched(t, c, pinned)); !bytes.Equal(got, f.commits[oldCommit]["model.safetensors"]) {
		t.Error("the weights are others")
	}
}

func TestBranchMoves(t *testing.T) {
	t.Parallel()
	f := newHub(t)
	c := f.client(t)
	before := fetched(t, c, Model{Repo: f.repo})
	f.set(func() { f.branches["main"] = newCommit })
	after := fetched(t, c, Model{Repo: f.repo})
	if !strings.Contains(after, newCommit) || !bytes.Equal(contentOf(t, after), f.commits[newCommit]["model.safetensors"]) {
		t.Errorf("main is still %s", after)
	}
	if got := contentOf(t, filepath.Join(filepath.Dir(after), "config.json")); string(got) != `{"architecture": "new"}` {
		t.Errorf("the preprocessing is of another commit: %s", got)
	}
	if pinned := fetched(t, c, Model{Repo: f.repo, Revision: oldCommit}); pinned != before || !bytes.HasPrefix(contentOf(t, pinned), []byte("old")) {
		t.Errorf("the pinned commit has moved to %s", pinned)
	}
}

func TestWithoutTheHub(t *testing.T) {
	t.Parallel()
	f := newHub(t)
	online := f.client(t)
	weights := fetched(t, online, Model{Repo: f.repo})
	f.set(func() { f.branches["main"], f.down = newCommit, true })
	closed := f.client(t)
	closed.endpoint = "http://127.0.0.1:1" // Where nobody listens.
	for name, c := range map[string]struct {
		offline  bool
		endpoint string
		cache    string
		revision string
		wrong    string // "": it is in the cache.
		log      string
	}{
		"offline, a branch":       {true, f.hub.URL, online.cache, "main", "", "was commit " + oldCommit},
		"offline, pinned":         {true, f.hub.URL, online.cache, oldCommit, "", ""},
		"offline, another commit": {true, f.hub.URL, online.cache, newCommit, "HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set", ""},
		"offline, another branch": {true, f.hub.URL, online.cache, "dev", "HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set", ""},
		"offline, no cache":       {true, f.hub.URL, t.TempDir(), "main", "HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set", ""},
		"down, a branch":          {false, f.hub.URL, online.cache, "main", "", "can't be reached"},
		"down, pinned":            {false, f.hub.URL, online.cache, oldCommit, "", ""},
		"down, no cache":          {false, f.hub.URL, t.TempDir(), "main", "503", ""},
		"no network, a branch":    {false, closed.endpoint, online.cache, "main", "", "can't be reached"},
		"no network, no cache":    {false, closed.endpoint, t.TempDir(), "main", "127.0.0.1:1", ""},
	} {
		var log bytes.Buffer
		f.requests()
		without := client{endpoint: c.endpoint, cache: c.cache, offline: c.offline, log: &log}
		got, err := without.fetch(Model{Repo: f.repo, Revision: c.revision})
		if c.wrong == "" && (err != nil || got != weights) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
		if c.wrong != "" {
			wantError(t, err, c.wrong, f.repo, c.revision)
		}
		if !strings.Contains(log.String(), c.log) {
			t.Errorf("%s: the log is %q", name, log.String())
		}
		if asked := f.requests(); c.offline && len(asked) > 0 {
			t.Errorf("%s: asked for %q", name, asked)
		}
	}
}

// TestFetchByTheEnvironment: as a user calls it.
func TestFetchByTheEnvironment(t *testing.T) {
	f := newHub(t)
	f.token = "right"
	home := t.TempDir()
	for name, value := range map[string]string{
		"HF_ENDPOINT": f.hub.URL, "HF_HOME": home, "HF_TOKEN": "right", "HF_TOKEN_PATH": "", "HF_HUB_CACHE": "", "HUGGINGFACE_HUB_CACHE": "",
		"HF_HUB_OFFLINE": "", "TRANSFORMERS_OFFLINE": "", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "",
	} {
		t.Setenv(name, value)
	}
	m := Model{Repo: f.repo, Revision: oldCommit}
	weights, err := m.Fetch()
	if want := filepath.Join(home, "hub", "models--timm--tiny.test", "snapshots", oldCommit, "model.safetensors"); err != nil || weights != want {
		t.Fatalf("%s, %v; want %s", weights, err, want)
	}
	t.Setenv("HF_HUB_OFFLINE", "1")
	f.hub.Close()
	if again, err := m.Fetch(); err != nil || again != weights {
		t.Errorf("offline: %s, %v", again, err)
	}
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*fakeHub)
		model  Model
		token  string
		want   []string
	}{
		"no repository":   {func(*fakeHub) {}, Model{Repo: "timm/none"}, "", []string{"has no model timm/none, or it is private", "HF_TOKEN is not set"}},
		"private":         {func(f *fakeHub) { f.token = "right" }, Model{}, "wrong", []string{"your token does not open it"}},
		"gated":           {func(f *fakeHub) { f.token, f.gated = "right", true }, Model{}, "", []string{"is gated", "HF_TOKEN is not set", "/timm/tiny.test"}},
		"unknown token":   {func(*fakeHub) {}, Model{}, "unknown", []string{"does not know your token"}},
		"no revision":     {func(*fakeHub) {}, Model{Revision: "dev"}, "", []string{"has no revision dev"}},
		"no commit":       {func(*fakeHub) {}, Model{Revision: strings.Repeat("3", 40)}, "", []string{"has no revision 3333"}},
		"no file":         {func(*fakeHub) {}, Model{File: "other.safetensors"}, "", []string{"has no file other.safetensors"}},
		"no name":         {func(*fakeHub) {}, Model{Repo: "../timm"}, "", []string{`hub.Model: Repo is "../timm"; it must be an owner and a name`}},
		"ends in -":       {func(*fakeHub) {}, Model{Repo: "timm/tiny-"}, "", []string{`hub.Model: Repo is "timm/tiny-"`}},
		"owner ends in .": {func(*fakeHub) {}, Model{Repo: "timm./tiny"}, "", []string{`hub.Model: Repo is "timm./tiny"`}},
		"ends in .git":    {func(*fakeHub) {}, Model{Repo: "timm/tiny.git"}, "", []string{`hub.Model: Repo is "timm/tiny.git"`}},
		"no reference":    {func(*fakeHub) {}, Model{Revision: "a/../../b"}, "", []string{"hub.Model: Revision", "a commit"}},
		"no safetensors":  {func(*fakeHub) {}, Model{File: "pytorch_model.bin"}, "", []string{"hub.Model: File", "safetensors"}},
		"another folder":  {func(*fakeHub) {}, Model{File: "../model.safetensors"}, "", []string{"hub.Model: File"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newHub(t)
			f.set(func() { c.change(f) })
			asker := f.client(t)
			asker.token = c.token
			if c.model.Repo == "" {
				c.model.Repo = f.repo
			}
			_, err := asker.fetch(c.model)
			wantError(t, err, c.want...)
			if entries, err := os.ReadDir(asker.cache); err != nil || len(entries) > 0 {
				t.Errorf("the cache holds %v, %v", entries, err)
			}
		})
	}
}

func TestTokenOpensAndStaysWithTheHub(t *testing.T) {
	t.Parallel()
	for _, gated := range []bool{false, true} {
		f := newHub(t)
		f.set(func() { f.token, f.gated = "right", gated })
		c := f.client(t)
		c.token = "right"
		// The other host is told apart by its port alone, for which net/http by itself keeps the token.
		fetched(t, c, Model{Repo: f.repo})
		if f.leaked {
			t.Error("the token went to the host of the large files")
		}
	}
}

func TestRenamedRepository(t *testing.T) {
	t.Parallel()
	f := newHub(t)
	f.renamed = "timm/before"
	if got := fetched(t, f.client(t), Model{Repo: "timm/before"}); !bytes.Equal(contentOf(t, got), f.commits[oldCommit]["model.safetensors"]) {
		t.Error("the weights are others")
	}
}

// Part of a path is nothing that a server has said, unless it is a hash.
func TestServerThatIsNoHub(t *testing.T) {
	t.Parallel()
	f := newHub(t)
	f.set(func() { f.branches["main"] = "../../.." })
	f.set(func() { f.commits["../../.."] = f.commits[oldCommit] })
	_, err := f.client(t).fetch(Model{Repo: f.repo})
	wantError(t, err, "does not answer as the hub does", "X-Repo-Commit", "HF_ENDPOINT")
}

func TestOriginOfOtherFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	plain := filepath.Join(folder, "model.safetensors")
	if err := os.WriteFile(plain, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		plain, filepath.Join(folder, "models--a--b", "snapshots", "main", "model.safetensors"),
		filepath.Join(folder, "models--a--b", "snapshots", oldCommit), "model.safetensors",
	} {
		if o, known, err := OriginOf(path); known || err != nil {
			t.Errorf("%s is %v, %v", path, o, err)
		}
	}
	if _, _, err := OriginOf(filepath.Join(folder, "models--a--b", "snapshots", oldCommit, "gone.safetensors")); err == nil {
		t.Error("a file that is not there is no error")
	}
}
