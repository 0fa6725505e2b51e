"""Shells as a user has them: interactive, in a terminal, completing at the touch of a key."""
import os
import pty
import select
import signal
import subprocess
import time

# Ctrl-T inserts all that is offered, Ctrl-O hands over the line: with the shells' own means. The script is sourced,
# or found by zsh in a folder of completions.
BASH = """set +o history; source ~/script
bind '"\\C-t": insert-completions'
bind -x '"\\C-o": hand_over "$READLINE_LINE"'
"""
ZSH = """zstyle ':completion:*' completer _all_matches _complete
zstyle ':completion:*' insert true
hand-over() { hand_over $BUFFER }; zle -N hand-over
bindkey '^T' complete-word; bindkey '^O' hand-over
autoload -Uz compinit
"""
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "script", BASH),
    "zsh": (["zsh", "-f", "-i"], "script", ZSH + "compinit -u -D; source ~/script\n"),
    "zsh-autoload": (["zsh", "-f", "-i"], "_crossval", ZSH + "fpath=(~ $fpath); compinit -u -D\n"),
}
PATIENCE = 300  # seconds: a machine may be busy; a shell that hangs is found all the same
HAND_OVER = 'hand_over() { printf %s "$1" > ~/new; mv ~/new ~/line; }\nhand_over ready\n'


class Shell:
    """One shell in its own terminal, with a completion script; it stands in the empty folder `work` of `home`."""

    def __init__(self, name, home, script):
        command, file, setup = SHELLS[name]
        self.line, self.work = home / "line", home / "work"
        self.work.mkdir()
        (home / file).write_text(script)
        (home / "setup").write_text(setup + HAND_OVER)
        self.terminal, theirs = pty.openpty()
        self.process = subprocess.Popen(command, cwd=self.work, stdin=theirs, stdout=theirs, stderr=theirs,
                                        start_new_session=True,
                                        env={"PATH": os.environ["PATH"], "HOME": str(home), "TERM": "dumb", "LANG": "C"})
        os.close(theirs)
        self.shown = b""
        assert self.typed(" . ~/setup\n") == "ready"

    def typed(self, keys):
        """Types the keys; the line that the shell hands over."""
        self.line.unlink(missing_ok=True)
        os.write(self.terminal, keys.encode())
        deadline = time.monotonic() + PATIENCE
        while not self.line.exists():
            assert time.monotonic() < deadline, self.shown
            self.drain(0.01)
        return self.line.read_text()

    def completed(self, line):
        """The line after all that is offered for its last word has been inserted."""
        return self.typed(f"\x01\x0b{line}\x14\x0f")  # Ctrl-A Ctrl-K: an empty line

    def drain(self, seconds):
        """What the shell writes is read, or it would wait for room in the terminal, also at its end."""
        if select.select([self.terminal], [], [], seconds)[0]:
            self.shown += os.read(self.terminal, 65536)

    def close(self):
        """The shell holds nothing that is worth an orderly end, and an interactive one may take SIGHUP for a wish."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.terminal)
