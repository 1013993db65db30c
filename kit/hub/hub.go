// Package hub gets published weights by their name from the Hugging Face hub, pinned to a commit and
// verified, into the cache that Python's huggingface_hub keeps: what one of the two has downloaded
// the other finds.
//
// These variables of the environment mean what they mean to huggingface_hub:
//
//	HF_HUB_CACHE    the cache; default hub in HF_HOME, whose default is ~/.cache/huggingface
//	HF_HUB_OFFLINE  1, ON, YES or TRUE: take what is in the cache, and ask no network
//	HF_TOKEN        for models that are private or gated; default what `hf auth login` has kept
//	HF_ENDPOINT     a mirror of the hub, which the token is sent to; default https://huggingface.co
//
// So do XDG_CACHE_HOME, HF_TOKEN_PATH, HF_HUB_DISABLE_IMPLICIT_TOKEN and TRANSFORMERS_OFFLINE, and
// HUGGINGFACE_HUB_CACHE and HUGGING_FACE_HUB_TOKEN of before. One that is empty counts as not set.
//
// Sources: the addresses, headers and folders are those of huggingface_hub's file_download.py. The
// hub package of github.com/gomlx/go-huggingface (its main branch of July 2026) is not used: it
// doesn't go on with a cut download but takes it for a success, compares no hash, and knows neither
// HF_HOME nor HF_HUB_OFFLINE.
package hub

import (
	"cmp"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"sslkit/kit/setting"
)

// Model names weights on the hub.
//
//	weights, err := hub.Model{
//		Repo: "timm/resnet50.a1_in1k", Revision: "767268603ca0cb0bfe326fa87277f19c419566ef",
//	}.Fetch()
//	run, err := kit.Adopt("runs/resnet50", kit.Backbone{Weights: weights, Data: images})
type Model struct {
	// Repo is the repository, by its owner and name. Required.
	Repo string
	// Revision is a commit, by the 40 digits of its hash: then the weights are the same for ever. Of a
	// branch or a tag it is the commit that the hub has now, which Fetch says. Default "main", which is
	// such a branch.
	Revision string
	// File is the file of weights in the repository, as safetensors. Default "model.safetensors".
	File string
}

// WithDefaults fills in the settings that were left out.
func (m Model) WithDefaults() Model {
	m.Revision = cmp.Or(m.Revision, "main")
	m.File = cmp.Or(m.File, "model.safetensors")
	return m
}

// Fetch gives the path of the file of weights in the cache, for kit.Backbone, kit.Recipe.Start and
// what else takes a file of weights. What is missing there is downloaded: the weights, and where the
// repository has them the two files beside them that say how images are made for them
// (config.json of timm, preprocessor_config.json of transformers), of the same commit. A cut download
// goes on where it was cut, also in the next process.
//
// All content is verified, what is in the cache too: by the SHA-256 that the hub has of a large file,
// by git's SHA-1 of a small one. A run that begins with the weights keeps where they are from, see
// [OriginOf].
//
// A commit that is in the cache is not asked for again. Of a branch the hub is asked, and where it
// can't be reached the commit that it had before is taken from the cache, which is said.
//
// Errors: a field is no such name; the hub has no such repository, revision or file, or wants a
// token; it can't be reached, or HF_HUB_OFFLINE is set, and the weights are not in the cache; what
// came is not what the hub says it has.
func (m Model) Fetch() (string, error) {
	client, err := newClient()
	if err != nil {
		return "", fmt.Errorf("fetching %s from the hub: %w", m.Repo, err)
	}
	return client.fetch(m)
}

// besides are the files that say how images are made for weights, which encoder.PreprocessingOf
// reads.
var besides = []string{"config.json", "preprocessor_config.json"}

// fetch is Fetch by that client.
func (c client) fetch(m Model) (string, error) {
	m = m.WithDefaults()
	if err := m.check(); err != nil {
		return "", err
	}
	fail := func(err error) (string, error) {
		return "", fmt.Errorf("fetching %s of %s at %s from the hub: %w", m.File, m.Repo, m.Revision, err)
	}
	commit, err := c.commit(m)
	if err != nil {
		return fail(err)
	}
	weights, err := c.file(m, commit, m.File)
	if err != nil {
		return fail(err)
	}
	for _, name := range besides {
		if err := c.optional(m, commit, path.Join(path.Dir(m.File), name)); err != nil {
			return fail(err)
		}
	}
	if commit != m.Revision {
		if err := c.writeRef(m, commit); err != nil {
			return fail(err)
		}
	}
	return weights, nil
}

// repository is what the hub takes for a name (huggingface_hub's _validators.py), but for "..", for
// "--", which stands for the slash in names of folders, and for ".git" at its end.
var (
	repository = regexp.MustCompile(`^(\w([\w.-]*\w)?/)?\w([\w.-]{0,94}\w)?$`)
	commitHash = regexp.MustCompile(`^[0-9a-f]{40}$`)
	reference  = regexp.MustCompile(`^[\w.-]+(/[\w.-]+)*$`)
)

// check returns an error where a field is no name on the hub, before it becomes a part of a path.
func (m Model) check() error {
	return cmp.Or(
		setting.Must(repository.MatchString(m.Repo) && !strings.Contains(m.Repo, "--") && !strings.Contains(m.Repo, "..") && !strings.HasSuffix(m.Repo, ".git"),
			"hub.Model: Repo", fmt.Sprintf("%q", m.Repo), `an owner and a name, such as "timm/resnet50.a1_in1k"`),
		setting.Must(reference.MatchString(m.Revision) && !hasDots(m.Revision), "hub.Model: Revision", fmt.Sprintf("%q", m.Revision),
			"a commit, by the 40 digits of its hash, or a branch or a tag"),
		setting.Must(path.Ext(m.File) == ".safetensors" && filepath.IsLocal(m.File) && path.Clean(m.File) == m.File, "hub.Model: File", fmt.Sprintf("%q", m.File),
			`the path of a safetensors file in the repository, such as "model.safetensors"`),
	)
}

// hasDots tells whether a part of a path leads elsewhere.
func hasDots(name string) bool {
	return slices.ContainsFunc(strings.Split(name, "/"), func(part string) bool { return strings.Trim(part, ".") == "" })
}
