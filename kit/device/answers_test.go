package device

import (
	"math"
	"os"
	"path/filepath"
	"testing"
)

func TestBackendComputesWhatIsKnown(t *testing.T) {
	backend, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := checkAnswers(backend); err != nil {
		t.Error(err)
	}
}

// A value that is off in any operation is told, and so is one that is no number.
func TestWrongAnswersAreTold(t *testing.T) {
	right := answer{"a sum", []float64{1000, 0, -3}}
	for name, wrong := range map[string]struct {
		got []float64
		ok  bool
	}{
		"exact":         {[]float64{1000, 0, -3}, true},
		"rounded":       {[]float64{1000.5, 0, -3}, true},
		"off":           {[]float64{1000, 2, -3}, false},
		"not a number":  {[]float64{1000, math.NaN(), -3}, false},
		"one is absent": {[]float64{1000, 0}, false},
	} {
		if err := right.check(wrong.got); (err == nil) != wrong.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A plugin is asked once for each state of its file and of the flags.
func TestPluginIsCheckedOnce(t *testing.T) {
	backend, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	plugin := filepath.Join(t.TempDir(), "plugin.so")
	if err := os.WriteFile(plugin, []byte("one"), 0o644); err != nil {
		t.Fatal(err)
	}
	o := &opened{backend: backend, plugin: plugin}
	first, err := o.passedFile()
	if err != nil {
		t.Fatal(err)
	}
	if err := o.checkOnce(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(first); err != nil {
		t.Error("nothing says that the plugin has passed:", err)
	}
	t.Setenv("XLA_FLAGS", "--xla_cpu_use_onednn=true")
	if other, _ := o.passedFile(); other == first {
		t.Error("under other flags the plugin is not checked")
	}
	t.Setenv("XLA_FLAGS", os.Getenv("XLA_FLAGS"))
	if err := os.WriteFile(plugin, []byte("three"), 0o644); err != nil {
		t.Fatal(err)
	}
	if other, _ := o.passedFile(); other == first {
		t.Error("another plugin in its place is not checked")
	}
}
