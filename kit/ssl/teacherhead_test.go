package ssl

import (
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"sslkit/kit/device/devicetest"
)

// builtBy are the paths of the variables that come into being with what is built on
// representations.
func builtBy(t *testing.T, build func(scope *model.Scope, features *Node) *Node) []string {
	t.Helper()
	g := NewGraph(devicetest.Backend(t), "head")
	defer g.Finalize()
	store := model.NewStore()
	build(store.Scope("/method"), Parameter(g, "features", shapes.Make(dtypes.Float32, 2, 5)))
	var paths []string
	for v := range store.IterVariables() {
		paths = append(paths, v.Path())
	}
	return paths
}

// Embed builds nothing but what it gives; what the teacher needs beyond it, TeacherHead builds.
func TestTeacherHeadBuildsWhatEmbedDoesNot(t *testing.T) {
	dino := DINO{Hidden: 4, Out: 3, Prototypes: 6}
	for _, c := range []struct {
		method HasTeacher
		more   []string // Variables of TeacherHead that Embed lacks.
	}{
		{resolved(BYOL{Hidden: 4, Out: 3}), nil}, {resolved(MoCoV2{Hidden: 4, Out: 3}), nil}, {resolved(MoCoV3{Hidden: 4, Out: 3}), nil},
		{resolved(IJEPA{}), nil}, {resolved(dino), []string{"/method/prototypes/weight"}},
		{resolved(MSN{Hidden: 4, Out: 3}), nil}, {resolved(ReSSL{Hidden: 4, Out: 3}), nil},
		{resolved(DenseCL{MoCo: MoCoV2{Hidden: 4, Out: 3}}), []string{
			"/method/dense/hidden/0/weight", "/method/dense/hidden/0/bias", "/method/dense/out/0/weight", "/method/dense/out/0/bias",
		}},
		{resolved(IBOT{DINO: dino}), []string{"/method/prototypes/weight"}},
		{resolved(DINOv2{DINO: dino}), []string{
			"/method/prototypes/weight", "/method/patches/head/0/weight", "/method/patches/head/0/bias", "/method/patches/head/1/weight",
			"/method/patches/head/1/bias", "/method/patches/head/2/weight", "/method/patches/head/2/bias", "/method/patches/prototypes/weight",
		}},
	} {
		embed, head := builtBy(t, c.method.Embed), slices.Sorted(slices.Values(builtBy(t, c.method.TeacherHead)))
		if slices.ContainsFunc(embed, func(path string) bool { return strings.Contains(path, "prototypes") }) {
			t.Errorf("%s: Embed builds %v", c.method.Name(), embed)
		}
		if want := slices.Sorted(slices.Values(append(embed, c.more...))); !slices.Equal(head, want) {
			t.Errorf("%s: TeacherHead builds %v, want %v", c.method.Name(), head, want)
		}
	}
}
