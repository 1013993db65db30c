package hub

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"sslkit/kit/setting"
)

// client asks a hub, and keeps what it gives.
type client struct {
	endpoint string // Without a slash at its end.
	cache    string
	token    string // "": none.
	offline  bool
	log      io.Writer
	wait     time.Duration // Before a question is asked again.
}

// newClient is the client of this process's environment.
func newClient() (client, error) { return clientOf(os.Getenv, os.UserHomeDir) }

// clientOf is the client of an environment, and of a home folder that is asked for where it is
// needed.
func clientOf(get func(string) string, home func() (string, error)) (client, error) {
	c := client{endpoint: strings.TrimRight(cmp.Or(get("HF_ENDPOINT"), "https://huggingface.co"), "/"), log: os.Stdout, wait: time.Second}
	if !strings.HasPrefix(c.endpoint, "https://") && !strings.HasPrefix(c.endpoint, "http://") {
		return c, setting.Must(false, "HF_ENDPOINT", fmt.Sprintf("%q", c.endpoint), "an address, such as https://huggingface.co")
	}
	// The folders of huggingface_hub's constants.py, its names of old included.
	hf := get("HF_HOME")
	if hf == "" {
		parent := get("XDG_CACHE_HOME")
		if parent == "" {
			at, err := home()
			if err != nil {
				return c, fmt.Errorf("looking for the cache of the hub (HF_HOME says where it is): %w", err)
			}
			parent = filepath.Join(at, ".cache")
		}
		hf = filepath.Join(parent, "huggingface")
	}
	hf, err := expanded(hf, get, home)
	if err != nil {
		return c, err
	}
	c.cache, err = expanded(cmp.Or(get("HF_HUB_CACHE"), get("HUGGINGFACE_HUB_CACHE"), filepath.Join(hf, "hub")), get, home)
	if err != nil {
		return c, err
	}
	if c.cache, err = filepath.Abs(c.cache); err != nil {
		return c, err
	}
	c.offline = isTrue(cmp.Or(get("HF_HUB_OFFLINE"), get("TRANSFORMERS_OFFLINE")))
	if isTrue(get("HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
		return c, nil
	}
	c.token = cleaned(cmp.Or(get("HF_TOKEN"), get("HUGGING_FACE_HUB_TOKEN")))
	if c.token == "" && !c.offline {
		path, err := expanded(cmp.Or(get("HF_TOKEN_PATH"), filepath.Join(hf, "token")), get, home)
		if err != nil {
			return c, err
		}
		kept, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return c, fmt.Errorf("reading the token for the hub: %w", err)
		}
		c.token = cleaned(string(kept))
	}
	return c, nil
}

// cleaned is a token without the line breaks and spaces that it was pasted with.
func cleaned(token string) string {
	return strings.TrimSpace(strings.NewReplacer("\r", "", "\n", "").Replace(token))
}

// isTrue tells whether a variable is switched on.
func isTrue(value string) bool {
	switch strings.ToUpper(value) {
	case "1", "ON", "YES", "TRUE":
		return true
	}
	return false
}

// variable is a variable of the environment in a path, as Python's posixpath.expandvars finds them.
var variable = regexp.MustCompile(`\$(\w+|\{[^}]*\})`)

// expanded is a path with ~ and variables filled in. A variable that is not set stays as it is written.
func expanded(path string, get func(string) string, home func() (string, error)) (string, error) {
	if path == "~" || strings.HasPrefix(path, "~/") {
		at, err := home()
		if err != nil {
			return "", fmt.Errorf("expanding %s: %w", path, err)
		}
		path = at + path[1:]
	}
	return variable.ReplaceAllStringFunc(path, func(written string) string {
		return cmp.Or(get(strings.Trim(written, "${}")), written)
	}), nil
}
