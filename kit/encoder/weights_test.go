package encoder

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device/devicetest"
)

func TestWeightsTravelByFile(t *testing.T) {
	e := ResNet{Depth: 10, Width: 2}
	x := images(2, 32)
	store, want := initialised(t, e, x, false)
	weights, err := Weights(store.Scope("/encoder"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "encoder.safetensors")
	if err := WriteSafetensors(path, weights, map[string]string{"architecture": e.Name()}); err != nil {
		t.Fatal(err)
	}
	read, metadata, err := ReadSafetensors(path)
	if err != nil {
		t.Fatal(err)
	}
	if metadata["architecture"] != e.Name() {
		t.Errorf("metadata %v", metadata)
	}
	// timm's and torchvision's names and layouts.
	if shape := read["layer2.0.downsample.0.weight"].Shape; !slices.Equal(shape, []int{4, 2, 1, 1}) {
		t.Errorf("layer2.0.downsample.0.weight has shape %v, want [4 2 1 1]", shape)
	}
	if shape := read["conv1.weight"].Shape; !slices.Equal(shape, []int{2, 3, 3, 3}) {
		t.Errorf("conv1.weight has shape %v, want [2 3 3 3]", shape)
	}
	for _, name := range []string{"bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var", "layer4.0.conv2.weight"} {
		if _, ok := read[name]; !ok {
			t.Errorf("no %s", name)
		}
	}

	// Another network, with other initial weights, gives the same output once it has them.
	other := model.NewStore()
	exec, err := model.NewExec(devicetest.Backend(t), other, func(scope *model.Scope, x *Node) *Node {
		return e.Encode(scope.At("encoder"), x).Pooled
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.Compile(x.Shape()); err != nil {
		t.Fatal(err)
	}
	if err := SetWeights(other.Scope("/encoder"), read); err != nil {
		t.Fatal(err)
	}
	got, err := exec.Call(x)
	if err != nil {
		t.Fatal(err)
	}
	if !got[0].Equal(want[0]) {
		t.Error("the output differs after the weights travelled")
	}

	again, err := Weights(other.Scope("/encoder"))
	if err != nil {
		t.Fatal(err)
	}
	if Hash(again) != Hash(weights) {
		t.Error("the hash differs after the weights travelled")
	}
	again[3].Data[0]++
	if Hash(again) == Hash(weights) {
		t.Error("the hash does not see a changed weight")
	}
}

func TestSetWeightsNamesWhatIsWrong(t *testing.T) {
	e := ResNet{Depth: 10, Width: 2}
	store, _ := initialised(t, e, images(2, 32), false)
	weights, err := Weights(store.Scope("/encoder"))
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]Tensor{}
	for _, w := range weights {
		byName[w.Name] = w
	}
	delete(byName, "bn1.bias")
	if err := SetWeights(store.Scope("/encoder"), byName); err == nil || !strings.Contains(err.Error(), "bn1.bias") {
		t.Errorf("a missing weight: %v", err)
	}
	byName["bn1.bias"] = Tensor{Name: "bn1.bias", Shape: []int{3}, Data: []float32{0, 0, 0}}
	if err := SetWeights(store.Scope("/encoder"), byName); err == nil || !strings.Contains(err.Error(), "[3]") {
		t.Errorf("a weight of another shape: %v", err)
	}
}

func TestSafetensorsKeepsTheOldFileOnError(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.safetensors")
	if err := os.Mkdir(path, 0o755); err != nil { // A directory in the way: the rename fails.
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(path, "keep"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := WriteSafetensors(path, []Tensor{{Name: "a", Shape: []int{1}, Data: []float32{1}}}, nil); err == nil {
		t.Error("writing over a directory succeeded")
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 {
		t.Errorf("%d entries remain, want the old one only", len(entries))
	}
}
