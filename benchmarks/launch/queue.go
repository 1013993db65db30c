package launch

import "strings"

// queue is what Slurm says of the tasks of this user that have not ended, by job and number:
// "17_3".
func queue() (map[string]string, error) {
	said, err := output("squeue", "--me", "--array", "--noheader", "--format=%F_%K|%T|%r")
	if err != nil {
		return nil, err
	}
	return parseQueue(said), nil
}

func parseQueue(said string) map[string]string {
	queued := map[string]string{}
	for line := range strings.Lines(said) {
		field := strings.SplitN(strings.TrimSpace(line), "|", 3)
		if len(field) != 3 {
			continue
		}
		queued[field[0]] = strings.ToLower(field[1])
		if reason := field[2]; reason != "None" {
			queued[field[0]] += " (" + reason + ")"
		}
	}
	return queued
}
