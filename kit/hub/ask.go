package hub

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"sslkit/data"
)

const (
	askTimeout = 10 * time.Second // The default of huggingface_hub's HF_HUB_ETAG_TIMEOUT.
	askTries   = 3
)

// description is what the hub says of a file without giving it.
type description struct {
	commit string
	// sum is the SHA-256 of a large file, in 64 digits, or git's SHA-1 of a small one, in 40.
	sum string
}

// large tells whether the file is one of those that the hub keeps outside of git.
func (d description) large() bool { return len(d.sum) == 64 }

// refusal is an answer of the hub that asking again doesn't change.
type refusal struct {
	status  int
	code    string // Of the header X-Error-Code: what is not there.
	message string // In one sentence, with what to do.
	commit  string // At which the file is missing.
}

func (r refusal) Error() string { return r.message }

// unreachable is the error of a hub that gives no answer, or none that says something.
type unreachable struct{ error }

func (u unreachable) Unwrap() error { return u.error }

// fileSum is an ETag that names content.
var fileSum = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// address is where the hub has a file.
func (c client) address(m Model, revision, name string) string {
	parts := strings.Split(name, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return fmt.Sprintf("%s/%s/resolve/%s/%s", c.endpoint, m.Repo, url.PathEscape(revision), strings.Join(parts, "/"))
}

// ask is what the hub says of a file. A hub that gives no answer is asked askTries times.
func (c client) ask(m Model, revision, name string) (description, error) {
	wait := c.wait
	for try := 1; ; try++ {
		described, err := c.askOnce(m, revision, name)
		if !errors.As(err, new(unreachable)) || try == askTries {
			return described, err
		}
		time.Sleep(wait)
		wait *= 2
	}
}

func (c client) askOnce(m Model, revision, name string) (description, error) {
	request, err := http.NewRequest(http.MethodHead, c.address(m, revision, name), nil)
	if err != nil {
		return description{}, err
	}
	request.Header.Set("Accept-Encoding", "identity")
	c.authorize(request)
	asker := http.Client{
		Timeout: askTimeout,
		// A repository that was renamed redirects on the hub itself. A large file redirects to where its
		// content is, and there nothing is known of commits.
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			to, err := url.Parse(next.Response.Header.Get("Location"))
			if err != nil || to.Host != "" || len(via) >= 10 {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}
	answer, err := asker.Do(request)
	if err != nil {
		return description{}, unreachable{err}
	}
	answer.Body.Close()
	switch {
	case answer.StatusCode >= 500 || answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode == http.StatusRequestTimeout:
		return description{}, unreachable{fmt.Errorf("%s answers %s", c.endpoint, answer.Status)}
	case answer.StatusCode >= 400:
		return description{}, c.refused(m, revision, name, answer)
	}
	described := description{commit: answer.Header.Get("X-Repo-Commit"), sum: answer.Header.Get("X-Linked-Etag")}
	if described.sum == "" {
		described.sum = answer.Header.Get("ETag")
	}
	described.sum = strings.Trim(strings.TrimPrefix(described.sum, "W/"), `"`)
	// Both become parts of paths.
	if !commitHash.MatchString(described.commit) || !fileSum.MatchString(described.sum) {
		return description{}, fmt.Errorf("%s does not answer as the hub does: X-Repo-Commit is %q and the ETag is %q; HF_ENDPOINT may be wrong",
			c.endpoint, described.commit, described.sum)
	}
	return described, nil
}

// authorize adds the token, for the hub alone: askOnce stays on its host, and downloads leave the
// token out where another is redirected to.
func (c client) authorize(request *http.Request) {
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
}

// The codes of the hub's header X-Error-Code.
const (
	noRepository = "RepoNotFound"
	noRevision   = "RevisionNotFound"
	noFile       = "EntryNotFound"
	isGated      = "GatedRepo"
)

// refused says in one sentence what the hub refuses, and what to do.
func (c client) refused(m Model, revision, name string, answer *http.Response) refusal {
	r := refusal{status: answer.StatusCode, code: answer.Header.Get("X-Error-Code"), commit: answer.Header.Get("X-Repo-Commit")}
	token := "HF_TOKEN is not set"
	if c.token != "" {
		token = "your token does not open it"
	}
	said := answer.Header.Get("X-Error-Message")
	switch {
	case r.code == noFile:
		r.message = fmt.Sprintf("%s has no file %s there", m.Repo, name)
	case r.code == noRevision:
		r.message = fmt.Sprintf("%s has no revision %s", m.Repo, revision)
	case r.code == isGated:
		r.message = fmt.Sprintf("%s is gated, and %s: ask for access at %s/%[1]s", m.Repo, token, c.endpoint)
	case said == "Invalid credentials in Authorization header":
		r.message = "the hub does not know your token; HF_TOKEN takes another"
	case r.code == noRepository || r.status == http.StatusUnauthorized: // It tells nobody what is private.
		r.message = fmt.Sprintf("%s has no model %s, or it is private, and %s", c.endpoint, m.Repo, token)
	default:
		r.message = strings.TrimSuffix(fmt.Sprintf("%s answers %s: %s", c.endpoint, answer.Status, said), ": ")
	}
	return r
}

// mostSmall is the size in bytes up to which the hub keeps files in git, and some more.
const mostSmall = 32 << 20

// read downloads a small file.
func (c client) read(address string) ([]byte, error) {
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	c.authorize(request)
	reader := http.Client{Timeout: 6 * askTimeout, CheckRedirect: data.LeaveTokenBehind}
	answer, err := reader.Do(request)
	if err != nil {
		return nil, unreachable{err}
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", address, answer.Status)
	}
	content, err := io.ReadAll(io.LimitReader(answer.Body, mostSmall+1))
	if err != nil {
		return nil, unreachable{fmt.Errorf("reading %s: %w", address, err)}
	}
	if len(content) > mostSmall {
		return nil, fmt.Errorf("%s has more than %d bytes, and no SHA-256", address, mostSmall)
	}
	return content, nil
}
