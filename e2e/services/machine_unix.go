//go:build unix && !linux

package main

import "syscall"

// endWithParent has no counterpart here: only a SIGKILL of ours leaves a server behind.
func endWithParent(*syscall.SysProcAttr, syscall.Signal) {}
