package rundir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"sslkit/kit/encoder"
	"sslkit/kit/wholefile"
)

// ReadWeights reads a file of weights, such as [encoder.WriteSafetensors]'s, and names them by their
// hash. It is an error where the file's own sum, or one in the SHA256SUMS beside it, says that it
// is not as it was written.
func ReadWeights(path string) (map[string]encoder.Tensor, string, error) {
	if err := checkBeside(path); err != nil {
		return nil, "", fmt.Errorf("reading weights: %w", err)
	}
	weights, _, err := encoder.ReadSafetensors(path)
	if err != nil {
		return nil, "", err
	}
	list := make([]encoder.Tensor, 0, len(weights))
	for _, w := range weights {
		list = append(list, w)
	}
	return weights, encoder.Hash(list), nil
}

// HashWeights names the weights in a file by their hash.
func HashWeights(path string) (string, error) {
	_, hash, err := ReadWeights(path)
	return hash, err
}

// checkBeside returns an error where a file does not have the sum that is kept beside it, if one
// is.
func checkBeside(path string) error {
	folder, name := filepath.Split(filepath.Clean(path))
	written, err := readSums(folder)
	if errors.Is(err, os.ErrNotExist) || err == nil && written[name] == "" {
		return nil
	}
	if err != nil {
		return err
	}
	sum, err := wholefile.SHA256(path)
	if err != nil {
		return err
	}
	return written.match(folder, name, sum)
}
