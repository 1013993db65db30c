package rundir

import "sslkit/kit/encoder"

// ReadWeights reads a file of weights, [encoder.WriteSafetensors]'s, and names them by their hash.
func ReadWeights(path string) (map[string]encoder.Tensor, string, error) {
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
