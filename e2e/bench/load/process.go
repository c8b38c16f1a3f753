package load

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ticks is USER_HZ: the unit of times in /proc on every Linux that Go runs on.
const ticks = 100

// tree gives processes and all their descendants.
func tree(pids []int) []int {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is no malformed one
	for _, file := range stats {
		if p, err := readProcess(file); err == nil {
			children[p.parent] = append(children[p.parent], p.id)
		}
	}
	var all []int
	todo := append([]int(nil), pids...)
	for len(todo) > 0 {
		all = append(all, todo[0])
		todo = append(todo[1:], children[todo[0]]...)
	}
	return all
}

type process struct {
	id, parent int
	cpu        float64 // user and system time, in seconds
}

// readProcess reads a /proc/PID/stat, see proc_pid_stat(5).
func readProcess(file string) (process, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return process{}, err
	}
	// The second field is the command's name in brackets, which may hold anything.
	s := string(b)
	from, to := strings.IndexByte(s, ' '), strings.LastIndexByte(s, ')')
	if from < 0 || to < from {
		return process{}, fmt.Errorf("%s: malformed", file)
	}
	f := strings.Fields(s[to+1:])
	if len(f) < 13 {
		return process{}, fmt.Errorf("%s: malformed", file)
	}
	var n [4]int
	for i, text := range []string{s[:from], f[1], f[11], f[12]} {
		if n[i], err = strconv.Atoi(text); err != nil {
			return process{}, fmt.Errorf("%s: malformed", file)
		}
	}
	return process{id: n[0], parent: n[1], cpu: float64(n[2]+n[3]) / ticks}, nil
}

// CPU is the time the processes took so far, in seconds.
func CPU(pids []int) float64 {
	sum := 0.0
	for _, id := range pids {
		if p, err := readProcess(fmt.Sprintf("/proc/%d/stat", id)); err == nil {
			sum += p.cpu
		}
	}
	return sum
}

// ResetPeak lets the peak of the resident memory begin anew at what it is now.
func ResetPeak(pids []int) {
	for _, id := range pids {
		// Refused for a process of somebody else: the peak is then that of its life.
		_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", id), []byte("5"), 0)
	}
}

// Memory sums a line of /proc/PID/status over the processes, in MiB.
func Memory(pids []int, line string) float64 {
	sum := 0.0
	for _, id := range pids {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", id))
		if err != nil {
			continue
		}
		_, rest, ok := strings.Cut(string(b), "\n"+line+":")
		if !ok {
			continue
		}
		if f := strings.Fields(rest); len(f) > 0 {
			if kB, err := strconv.Atoi(f[0]); err == nil {
				sum += float64(kB) / 1024
			}
		}
	}
	return sum
}
