//! A process that serves: its address, and the CPU time that it has used.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::Fault;

/// A process that listens; it ends with this value.
pub struct Process {
    child: Child,
    /// `host:port`.
    pub address: String,
}

impl Process {
    /// Starts a program that prints `listening on http://host:port` when it serves.
    pub fn start(command: &mut Command) -> Result<Self, Fault> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().ok_or("no output")?;
        let mut process = Self { child, address: String::new() };
        let mut lines = BufReader::new(output).lines();
        while let Some(line) = lines.next().transpose()? {
            if let Some((_, address)) = line.split_once("listening on http://") {
                let end = address.find(|c: char| !(c.is_ascii_digit() || ".:".contains(c))).unwrap_or(address.len());
                process.address = address[..end].to_owned();
                // What else it prints is read, so that the pipe never fills or closes.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(process);
            }
        }
        Err(format!("{command:?} ended before it served").into())
    }

    /// CPU time of all threads in nanoseconds.
    pub fn cpu_time(&self) -> Result<u64, Fault> {
        let mut sum = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let text = fs::read_to_string(task?.path().join("schedstat"))?;
            sum += text.split(' ').next().ok_or("empty schedstat")?.parse::<u64>()?;
        }
        Ok(sum)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
