package hub

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestEnvironmentMeansWhatItMeansToHuggingFace(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	hf := filepath.Join(home, ".cache", "huggingface")
	if err := os.MkdirAll(hf, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(hf, "token"), []byte("kept\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	type variables = map[string]string
	for name, c := range map[string]struct {
		variables variables
		want      client
	}{
		"nothing":      {nil, client{"https://huggingface.co", filepath.Join(hf, "hub"), "kept", false, nil, 0}},
		"HF_HOME":      {variables{"HF_HOME": "/models"}, client{"https://huggingface.co", "/models/hub", "", false, nil, 0}},
		"XDG":          {variables{"XDG_CACHE_HOME": "/xdg"}, client{"https://huggingface.co", "/xdg/huggingface/hub", "", false, nil, 0}},
		"cache":        {variables{"HF_HOME": "/models", "HF_HUB_CACHE": "/hub", "HUGGINGFACE_HUB_CACHE": "/old"}, client{"https://huggingface.co", "/hub", "", false, nil, 0}},
		"old cache":    {variables{"HUGGINGFACE_HUB_CACHE": "/old"}, client{"https://huggingface.co", "/old", "kept", false, nil, 0}},
		"~ and $":      {variables{"HF_HOME": "~/$WHERE", "WHERE": "here"}, client{"https://huggingface.co", filepath.Join(home, "here", "hub"), "", false, nil, 0}},
		"mirror":       {variables{"HF_ENDPOINT": "https://mirror.example/"}, client{"https://mirror.example", filepath.Join(hf, "hub"), "kept", false, nil, 0}},
		"token":        {variables{"HF_TOKEN": " mine\n"}, client{"https://huggingface.co", filepath.Join(hf, "hub"), "mine", false, nil, 0}},
		"unset $":      {variables{"HF_HOME": "/models/$NOWHERE/${NEITHER}"}, client{"https://huggingface.co", "/models/$NOWHERE/${NEITHER}/hub", "", false, nil, 0}},
		"${}":          {variables{"HF_HUB_CACHE": "/models/${WHERE}", "WHERE": "here"}, client{"https://huggingface.co", "/models/here", "kept", false, nil, 0}},
		"token lines":  {variables{"HF_TOKEN": "mi\r\nne\n"}, client{"https://huggingface.co", filepath.Join(hf, "hub"), "mine", false, nil, 0}},
		"unread file":  {variables{"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1", "HF_TOKEN_PATH": home}, client{"https://huggingface.co", filepath.Join(hf, "hub"), "", false, nil, 0}},
		"not implicit": {variables{"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1", "HF_TOKEN": "mine"}, client{"https://huggingface.co", filepath.Join(hf, "hub"), "", false, nil, 0}},
		"transformers": {variables{"TRANSFORMERS_OFFLINE": "1"}, client{"https://huggingface.co", filepath.Join(hf, "hub"), "", true, nil, 0}},
		"hub first":    {variables{"HF_HUB_OFFLINE": "0", "TRANSFORMERS_OFFLINE": "1"}, client{"https://huggingface.co", filepath.Join(hf, "hub"), "kept", false, nil, 0}},
		"old token":    {variables{"HUGGING_FACE_HUB_TOKEN": "mine"}, client{"https://huggingface.co", filepath.Join(hf, "hub"), "mine", false, nil, 0}},
		"no token":     {variables{"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}, client{"https://huggingface.co", filepath.Join(hf, "hub"), "", false, nil, 0}},
		"offline":      {variables{"HF_HUB_OFFLINE": "yes"}, client{"https://huggingface.co", filepath.Join(hf, "hub"), "", true, nil, 0}},
		"not offline":  {variables{"HF_HUB_OFFLINE": "0"}, client{"https://huggingface.co", filepath.Join(hf, "hub"), "kept", false, nil, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := clientOf(func(variable string) string { return c.variables[variable] }, func() (string, error) { return home, nil })
			got.log, got.wait = nil, 0
			if err != nil || got != c.want {
				t.Errorf("%+v, %v; want %+v", got, err, c.want)
			}
		})
	}
	nowhere := errors.New("no home")
	if _, err := clientOf(func(string) string { return "" }, func() (string, error) { return "", nowhere }); !errors.Is(err, nowhere) {
		t.Errorf("without a home: %v", err)
	}
	_, err := clientOf(func(name string) string { return map[string]string{"HF_ENDPOINT": "mirror"}[name] }, func() (string, error) { return home, nil })
	wantError(t, err, `HF_ENDPOINT is "mirror"; it must be an address`)
}
