package kit

import (
	"fmt"
	"os"
	"path/filepath"

	"sslkit/kit/encoder"
	"sslkit/kit/wholefile"
)

// Export writes the encoder, with the weights that the run evaluates (see Run.By), to the folder
// dir as the hub keeps models of timm: model.safetensors and a config.json. What is there under
// these names is replaced. In Python it is then read by
//
//	import timm
//	model = timm.create_model("local-dir:exported", pretrained=True)
//	transform = timm.data.create_transform(**timm.data.resolve_model_data_config(model))
//
// and trained on with num_classes=10. Errors: timm has no such network (see [encoder.TimmConfig]);
// the run is not finished, or its weights are damaged; dir can't be written.
func (r *Run) Export(dir string) error {
	fail := func(err error) error { return fmt.Errorf("exporting the run in %s to %s: %w", r.Dir, dir, err) }
	if err := r.check(); err != nil {
		return fail(err)
	}
	if _, err := r.weights(); err != nil {
		return fail(err)
	}
	path := r.WeightsFile()
	shown, _, known, err := encoder.PreprocessingOf(path)
	if err != nil {
		return fail(r.explain(err))
	}
	if !known {
		return fail(fmt.Errorf("%s is of an earlier version, and does not say how its images are made", path))
	}
	config, err := encoder.TimmConfig(r.Recipe.Encoder, shown)
	if err != nil {
		return fail(err)
	}
	weights, metadata, err := encoder.ReadOwnSafetensors(path)
	if err != nil {
		return fail(err)
	}
	tensors := make([]encoder.Tensor, 0, len(weights))
	for _, w := range weights {
		tensors = append(tensors, w)
	}
	metadata["format"] = "pt" // Which transformers asks for.
	if err := os.MkdirAll(dir, wholefile.FolderPerms); err != nil {
		return fail(err)
	}
	if err := encoder.WriteSafetensors(filepath.Join(dir, "model.safetensors"), tensors, metadata); err != nil {
		return fail(err)
	}
	if err := wholefile.WriteBytes(filepath.Join(dir, "config.json"), config); err != nil {
		return fail(err)
	}
	return nil
}
