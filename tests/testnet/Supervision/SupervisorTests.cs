using System.Diagnostics;
using System.Globalization;
using System.IO.Pipes;
using System.Threading.Channels;
using Bft.Testnet.Homes;
using Bft.Testnet.Supervision;
using Bft.Testnet.Tests.Fakes;

namespace Bft.Testnet.Tests.Supervision;

/// <summary>The children are shell scripts, so these run where there is a shell.</summary>
public sealed class SupervisorTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly TemporaryDirectory _directory = new();
    private readonly Channel<SupervisorEvent> _events = Channel.CreateUnbounded<SupervisorEvent>();

    public void Dispose() => _directory.Dispose();

    private Supervisor Supervise(int validators, string script, SupervisorOptions? options = null)
    {
        HomeLayout[] homes = [.. Enumerable.Range(0, validators).Select(i => HomeLayout.At(_directory[$"node-{i}"]))];
        foreach (HomeLayout home in homes)
        {
            Directory.CreateDirectory(home.Root);
        }

        return new Supervisor(homes, FakeChild.Command(script), options ?? new SupervisorOptions(), happened => _events.Writer.TryWrite(happened));
    }

    private async Task<T> NextAsync<T>(Func<T, bool>? which = null)
        where T : SupervisorEvent
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            if (await _events.Reader.ReadAsync(limit.Token) is T happened && (which is null || which(happened)))
            {
                return happened;
            }
        }
    }

    [Fact]
    public async Task All_are_ready_then_all_stop()
    {
        await using Supervisor supervisor = Supervise(3, FakeChild.Good);

        await supervisor.StartAsync(CancellationToken.None);
        Assert.Equal(3, supervisor.Living);
        Assert.Empty(await supervisor.StopAsync());

        Assert.Equal(0, supervisor.Living);
        Assert.Contains("\"event\":\"ready\"", File.ReadAllText(_directory["node-2/log"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_dies_is_named_with_exit_code_and_last_words()
    {
        await using Supervisor supervisor = Supervise(2, "case $1 in *node-1) echo '{\"event\":\"ready\"}'; echo hello; echo 'disk is gone' >&2; exit 7;; esac; " + FakeChild.Good);

        await supervisor.StartAsync(CancellationToken.None);
        ValidatorDied died = await NextAsync<ValidatorDied>();

        Assert.Equal((1, 7, true), (died.Validator, died.ExitCode, died.WasReady));
        Assert.Contains("validator 1 died with exit code 7", died.Describe(), StringComparison.Ordinal);
        Assert.Contains("disk is gone", died.Describe(), StringComparison.Ordinal);
        Assert.True(supervisor.Runs(0));
        Assert.False(supervisor.Runs(1));
    }

    [Fact]
    public async Task One_that_was_killed_is_told_with_the_signal_and_its_pid_file_goes()
    {
        await using Supervisor supervisor = Supervise(1, "echo $$ > $1/pid; echo '{\"event\":\"ready\"}'; kill -9 $$");

        await supervisor.StartAsync(CancellationToken.None);
        ValidatorDied died = await NextAsync<ValidatorDied>();

        Assert.Equal("exit code 137, killed by signal 9", died.Cause);
        Assert.False(File.Exists(_directory["node-0/pid"]));
    }

    [Fact]
    public async Task One_that_dies_before_it_is_ready_ends_the_start_though_others_never_come_up()
    {
        await using Supervisor supervisor = Supervise(2, "case $1 in *node-1) echo 'wrong passphrase' >&2; exit 1;; esac; while read ignored; do :; done", new SupervisorOptions { Restart = true });

        var failure = await Assert.ThrowsAsync<TestnetException>(() => supervisor.StartAsync(CancellationToken.None)).WaitAsync(Patience);

        Assert.Contains("validator 1 died before it was ready with exit code 1", failure.What, StringComparison.Ordinal);
        Assert.Contains("wrong passphrase", failure.What, StringComparison.Ordinal);
        await supervisor.StopAsync();
        _events.Writer.Complete();
        await foreach (SupervisorEvent happened in _events.Reader.ReadAllAsync())
        {
            Assert.IsNotType<ValidatorRestarting>(happened);
        }
    }

    [Fact]
    public async Task One_that_cannot_be_started_is_told_as_that()
    {
        HomeLayout home = HomeLayout.At(_directory.Root);
        await using var supervisor = new Supervisor([home], _ => new ProcessStartInfo(_directory["no-such-program"]), new SupervisorOptions(), _ => { });

        var failure = await Assert.ThrowsAsync<TestnetException>(() => supervisor.StartAsync(CancellationToken.None));

        Assert.Contains("cannot be started", failure.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restart_brings_it_back()
    {
        await using Supervisor supervisor = Supervise(
            1, "if [ ! -e $1/died ]; then touch $1/died; echo '{\"event\":\"ready\"}'; exit 3; fi; " + FakeChild.Good, new SupervisorOptions { Restart = true, FirstBackOff = TimeSpan.FromMilliseconds(1) });

        await supervisor.StartAsync(CancellationToken.None);
        await NextAsync<ValidatorReady>();
        Assert.Equal(3, (await NextAsync<ValidatorDied>()).ExitCode);
        await NextAsync<ValidatorRestarting>();
        await NextAsync<ValidatorReady>();

        Assert.True(supervisor.Runs(0));
    }

    [Fact]
    public async Task The_wait_before_a_restart_doubles_up_to_its_cap()
    {
        var options = new SupervisorOptions { Restart = true, FirstBackOff = TimeSpan.FromMilliseconds(1), MostBackOff = TimeSpan.FromMilliseconds(4) };
        await using Supervisor supervisor = Supervise(1, "echo '{\"event\":\"ready\"}'; exit 1", options);
        await supervisor.StartAsync(CancellationToken.None);

        var waits = new List<double>();
        while (waits.Count < 5)
        {
            waits.Add((await NextAsync<ValidatorRestarting>()).After.TotalMilliseconds);
        }

        Assert.Equal([1, 2, 4, 4, 4], waits);
    }

    [Fact]
    public async Task One_that_does_not_stop_is_killed_after_the_grace_period()
    {
        await using Supervisor supervisor = Supervise(1, "trap '' TERM; echo '{\"event\":\"ready\"}'; while :; do read ignored || exec 0< /dev/zero; done", new SupervisorOptions { Grace = TimeSpan.FromMilliseconds(50) });
        await supervisor.StartAsync(CancellationToken.None);

        Assert.Equal(0, Assert.Single(await supervisor.StopAsync()));
        Assert.Equal(0, supervisor.Living);
    }

    [Fact]
    public async Task Words_that_only_look_like_the_event_do_not_count()
    {
        await using Supervisor supervisor = Supervise(
            1, "echo 'not \"ready\" yet'; echo '{\"event\":\"ready'; echo '{\"event\":\"starting\",\"then\":\"ready\"}'; echo '[\"ready\"]'; exit 4", new SupervisorOptions());

        var failure = await Assert.ThrowsAsync<TestnetException>(() => supervisor.StartAsync(CancellationToken.None));

        Assert.Contains("before it was ready", failure.What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_log_is_renamed_when_it_is_full_and_keeps_its_last_lines()
    {
        string path = _directory["log"];
        using var log = new BoundedLog(path, mostBytes: 100, tailLines: 3);
        for (int i = 0; i < 50; i++)
        {
            log.Append(System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"line {i} ........")));
            log.Append("what it cost"u8, routine: true);
        }

        Assert.InRange(new FileInfo(path).Length, 1, 100);
        Assert.InRange(new FileInfo(path + ".1").Length, 1, 100);
        Assert.Equal(2, Directory.GetFiles(_directory.Root).Length);
        Assert.Equal(["line 47 ........", "line 48 ........", "line 49 ........"], log.Tail);
    }

    [Fact]
    public void A_log_that_cannot_be_written_goes_silent_and_says_so()
    {
        using var log = new BoundedLog(_directory["missing/log"]);

        log.Append("first"u8);
        log.Append("second"u8);

        Assert.Equal(3, log.Tail.Count);
        Assert.Contains("cannot be written any more", log.Tail[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_child_notices_the_end_of_its_input()
    {
        await ParentWatch.WaitAsync(Environment.ProcessId, new MemoryStream([1, 2, 3]), CancellationToken.None).WaitAsync(Patience);
    }

    [Fact]
    public async Task A_child_notices_the_death_of_its_parent_though_its_input_goes_on()
    {
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("read ignored");
        using Process parent = Process.Start(start)!;
        await using var endless = new AnonymousPipeServerStream(PipeDirection.In);

        Task watch = ParentWatch.WaitAsync(parent.Id, endless, CancellationToken.None);
        Assert.False(watch.IsCompleted);
        parent.StandardInput.Close();

        await watch.WaitAsync(Patience);
    }
}
