//go:build linux

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"sslkit/data"
)

// downloads kill the process that downloads a file, and damage what it has by then, or has in the end.
func downloads() []fault {
	var all []fault
	for i := range 8 {
		all = append(all, fault{fmt.Sprintf("download/kill-%d", i), "SIGKILL while a file is downloaded",
			func(_ *stage, folder string, random *rand.Rand) (outcome, error) {
				return download(folder, random, nil)
			}})
	}
	for _, injury := range injuries {
		all = append(all,
			fault{"download/part-" + injury.name, "a file that was downloaded is damaged",
				func(_ *stage, folder string, random *rand.Rand) (outcome, error) {
					return download(folder, random, func(path string) error {
						_, err := injure(path+".part", injury.do, random)
						return err
					})
				}},
			fault{"download/whole-" + injury.name, "a file that was downloaded is damaged",
				func(s *stage, folder string, random *rand.Rand) (outcome, error) {
					return download(folder, random, func(path string) error {
						content := fileToDownload()
						if injury.do == nil {
							return nil
						}
						return os.WriteFile(path, injury.do(content, random), 0o644)
					})
				}})
	}
	return all
}

// fileToDownload is what the server has.
func fileToDownload() []byte {
	content := make([]byte, 1<<20)
	random := rand.New(rand.NewPCG(5, 6))
	for i := range content {
		content[i] = byte(random.Uint32())
	}
	return content
}

// download kills a download at a random moment, lets between happen, and downloads again; a part that
// turns out to be damaged is discarded with an error, so that the third time must do.
func download(folder string, random *rand.Rand, between func(path string) error) (outcome, error) {
	content := fileToDownload()
	slow := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !slow {
			http.ServeContent(w, r, "file", time.Time{}, bytes.NewReader(content))
			return
		}
		for rest := content; len(rest) > 0 && r.Context().Err() == nil; rest = rest[min(16<<10, len(rest)):] {
			w.Write(rest[:min(16<<10, len(rest))])
			w.(http.Flusher).Flush()
			time.Sleep(10 * time.Millisecond)
		}
	}))
	defer server.Close()
	sum := sha256.Sum256(content)
	what := call{Do: "download", Path: filepath.Join(folder, "file"), Download: data.Download{URL: server.URL, SHA256: hex.EncodeToString(sum[:])}}
	s := &stage{}
	c, err := s.start(what)
	if err != nil {
		return outcome{}, err
	}
	for c.ctx.Err() == nil { // Until there is a part, and a while more.
		if info, err := os.Stat(what.Path + ".part"); err == nil && info.Size() > 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	time.Sleep(time.Duration(random.IntN(400)) * time.Millisecond)
	c.Process.Kill()
	c.wait()
	slow = false
	if between != nil {
		if err := between(what.Path); err != nil {
			return outcome{}, err
		}
	}
	want := state{"file": hash(content)}
	e, err := s.run(what)
	if err != nil {
		return outcome{}, err
	}
	first := judge(e, want, "so that the next try starts afresh")
	if first.Result != named {
		return first, nil
	}
	if e, err = s.run(what); err != nil {
		return outcome{}, err
	}
	if o := judge(e, want); o.Result != same && o.Result != said {
		return outcome{lost, "after " + first.Said + ": " + o.Said}, nil
	}
	return first, nil
}
