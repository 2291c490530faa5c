//! Processes that transform: what a stylesheet takes is bounded, and it can be stopped.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::{Stdio, exit};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::work::{READY, serve};

/// Tells a process that it is a worker, and what it may take, in bytes.
const WORKER: &str = "GATEWRIGHT_XSL_WORKER";
/// After so many transformations a worker is replaced: what is in small pieces by then is freed.
const TURNS: u32 = 1000;
/// How many workers that have nothing to do are kept.
const IDLE: usize = 4;

/// Processes that run the stylesheets of `xsl-transform`, so that memory and time of each are bounded.
///
/// libxslt can neither be stopped nor told how much it may take. In a process of its own it can: one that takes more memory
/// than [`memory_limit`](Self::memory_limit) or more time than [`EngineSettings::xsl_time_limit`] ends, and its request with
/// `XslTransformFailed`. Processes are started when they are needed, kept, and end with the program.
///
/// ```no_run
/// use gatewright::policy::{EngineSettings, XslWorkers};
///
/// fn main() -> std::io::Result<()> {
///     // First of all: where this program is a worker, it goes no further.
///     let workers = XslWorkers::of_this_program()?;
///     let mut settings = EngineSettings::default();
///     settings.xsl_workers = Some(workers.memory_limit(128 << 20));
///     // … serve …
///     Ok(())
/// }
/// ```
///
/// [`EngineSettings::xsl_time_limit`]: crate::policy::EngineSettings::xsl_time_limit
#[derive(Clone)]
pub struct XslWorkers {
    program: PathBuf,
    arguments: Vec<OsString>,
    memory: u64,
    idle: Arc<Mutex<Vec<Worker>>>,
}

impl XslWorkers {
    /// Workers that are this program, started again. Call it first in `main`: in a worker it does not return.
    ///
    /// # Errors
    ///
    /// When the system does not say where the program is.
    pub fn of_this_program() -> io::Result<Self> {
        if let Some(memory) = std::env::var_os(WORKER) {
            let memory = memory.to_str().and_then(|memory| memory.parse().ok()).unwrap_or(0);
            exit(i32::from(serve(memory).is_err()));
        }
        // Also when the file has been replaced meanwhile.
        let program = if cfg!(target_os = "linux") { "/proc/self/exe".into() } else { std::env::current_exe()? };
        Ok(Self::of(program, []))
    }

    /// Workers that are another program, which calls [`of_this_program`](Self::of_this_program) first of all.
    pub fn of(program: impl Into<PathBuf>, arguments: impl IntoIterator<Item = OsString>) -> Self {
        let arguments = arguments.into_iter().collect();
        Self { program: program.into(), arguments, memory: 256 << 20, idle: Arc::default() }
    }

    /// What one worker may take, in bytes; 256 MiB by default. Systems other than Unix do not bound it.
    #[must_use]
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// Transforms; none when the result has more bytes than `limit`. Whoever drops this stops it.
    pub(super) async fn transform<N: AsRef<str>>(
        &self,
        stylesheet: &str,
        xml: &str,
        parameters: &[(N, String)],
        limit: usize,
    ) -> Result<Option<Vec<u8>>, String> {
        let mut worker = match self.idle() {
            Some(worker) => worker,
            None => self.start().await.map_err(|error| format!("Its process was not started: {error}."))?,
        };
        let ended = |_| format!("The stylesheet took more than {} bytes, or its process ended.", self.memory);
        let outcome = worker.transform(stylesheet, xml, parameters, limit).await.map_err(ended)?;
        // One that has failed may have taken all that it may.
        if matches!(outcome, Some(Ok(_))) && worker.turns < TURNS {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < IDLE {
                idle.push(worker);
            }
        }
        outcome.transpose()
    }

    /// One that has nothing to do, and has not ended meanwhile.
    fn idle(&self) -> Option<Worker> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        std::iter::from_fn(|| idle.pop())
            .find_map(|mut worker| matches!(worker.child.try_wait(), Ok(None)).then_some(worker))
    }

    async fn start(&self) -> io::Result<Worker> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env(WORKER, self.memory.to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let mut worker = Worker { child, input, output: BufReader::new(output), turns: 0 };
        worker.ready().await?;
        Ok(worker)
    }
}

impl fmt::Debug for XslWorkers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("XslWorkers")
            .field("program", &self.program)
            .field("memory", &self.memory)
            .finish_non_exhaustive()
    }
}

/// A process that waits for work; it ends when this is dropped.
struct Worker {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    turns: u32,
}

impl Worker {
    /// Reads up to the mark of a worker.
    async fn ready(&mut self) -> io::Result<()> {
        let mut line = Vec::new();
        while !line.ends_with(READY) {
            line.clear();
            if self.output.read_until(b'\n', &mut line).await? == 0 {
                return Err(io::Error::other("it does not call `XslWorkers::of_this_program` first of all"));
            }
        }
        Ok(())
    }

    /// What came of a transformation; none when its result is too large, so that nothing more can be read.
    async fn transform<N: AsRef<str>>(
        &mut self,
        stylesheet: &str,
        xml: &str,
        parameters: &[(N, String)],
        limit: usize,
    ) -> io::Result<Option<Result<Vec<u8>, String>>> {
        self.turns += 1;
        self.send(stylesheet).await?;
        self.send(xml).await?;
        self.input.write_all(&(parameters.len() as u64).to_le_bytes()).await?;
        for (name, value) in parameters {
            self.send(name.as_ref()).await?;
            self.send(value).await?;
        }
        self.input.flush().await?;
        let is_done = self.output.read_u8().await? == b'+';
        let length = self.output.read_u64_le().await?;
        if length > limit as u64 {
            return Ok(None);
        }
        let mut answer = Vec::new();
        (&mut self.output).take(length).read_to_end(&mut answer).await?;
        if answer.len() as u64 != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Some(if is_done { Ok(answer) } else { Err(String::from_utf8_lossy(&answer).into_owned()) }))
    }

    async fn send(&mut self, text: &str) -> io::Result<()> {
        self.input.write_all(&(text.len() as u64).to_le_bytes()).await?;
        self.input.write_all(text.as_bytes()).await
    }
}
