using Bft.Engine.Execution;
using CsCheck;

namespace Bft.Engine.Tests.Execution;

/// <summary>Random blocks against a model that keeps a table of every sequence.</summary>
public sealed class SessionModelTests
{
    private const int Intervals = 4;

    private static readonly Chain Chain = TestChain.Create(Intervals);

    private static readonly Gen<(int Client, int First, byte[] Codes)> GenRun =
        Gen.Select(Gen.Int[0, 2], Gen.Int[1, 40], Gen.Byte[0, 2].Array[1, 8]);

    private static readonly Gen<(int Client, int First, byte[] Codes)[][]> GenBlocks = GenRun.Array[0, 5].Array[1, 25];

    [Fact]
    public void Every_sequence_is_executed_at_most_once_and_answered_as_the_model_says() => GenBlocks.Sample(
        blocks =>
        {
            var model = new Model();
            var application = new RecordingApplication();
            var executor = new Executor(Chain, application);
            var twin = new Executor(Chain, new RecordingApplication(), lookupSeed: 99);
            var chainOfBlocks = new TestBlocks(Chain);
            foreach (var runs in blocks)
            {
                CommittedBlock block = chainOfBlocks.Next([.. runs.Select(Build)]);
                ExecutionResult result = executor.Execute(block);
                List<(ulong Height, byte Code)[]> expected = model.Execute(chainOfBlocks.Height.Value, runs);
                for (int i = 0; i < runs.Length; i++)
                {
                    Assert.Equal(expected[i], Expand(result.ReceiptsOf(i), block.Block.Payload.Runs[i]));
                }

                Assert.Equal(model.Executed, application.Executed.Select(Name));
                Assert.Equal(result.Point, twin.Execute(block).Point);
                AssertLookups(executor, model);
                twin = Reload(twin);
            }
        },
        iter: 300);

    private static Run Build((int Client, int First, byte[] Codes) run) => Chain.Run(
        run.Client, (ulong)run.First, [.. run.Codes.Select((code, i) => (ReadOnlyMemory<byte>)new byte[] { code, (byte)run.Client, (byte)(run.First + i) })]);

    private static (int Client, int Sequence) Name(byte[] command) => (command[1], command[2]);

    private static (ulong Height, byte Code)[] Expand(ReadOnlySpan<Receipt> receipts, Run run)
    {
        List<(ulong Height, byte Code)> all = [];
        ulong next = run.First;
        ulong? height = null;
        foreach (Receipt receipt in receipts)
        {
            Assert.Equal((run.Client, next), (receipt.Client, receipt.First));
            Assert.NotEqual(height, receipt.Height.Value);
            height = receipt.Height.Value;
            byte[] codes = receipt.Codes.ToArray();
            Assert.True(codes.Length == 1 || (codes.Length == receipt.Count && codes.Distinct().Count() > 1), "Codes are one byte exactly when all are equal.");
            for (int i = 0; i < receipt.Count; i++)
            {
                all.Add((receipt.Height.Value, receipt.CodeAt(i)));
            }

            next += (ulong)receipt.Count;
        }

        Assert.Equal(run.Last + 1, next);
        return [.. all];
    }

    private static void AssertLookups(Executor executor, Model model)
    {
        for (int client = 0; client <= 2; client++)
        {
            for (int first = 1; first <= 48; first += 5)
            {
                Run run = Build((client, first, [0, 0, 0]));
                (ulong, byte)[]? expected = model.Find(client, first, 3);
                Assert.Equal(expected is not null, executor.Sessions.IsExecuted(run));
                IReadOnlyList<Receipt>? found = executor.Sessions.Find(run.Client, run.First, run.Count);
                Assert.Equal(expected, found is null ? null : Expand([.. found], run));
            }
        }
    }

    private static Executor Reload(Executor executor)
    {
        var stream = new MemoryStream();
        executor.Snapshot()(stream);
        stream.Position = 0;
        var loaded = new Executor(Chain, new RecordingApplication());
        loaded.ReadSnapshot(executor.Point, stream);
        return loaded;
    }

    private sealed class Model
    {
        private readonly SortedDictionary<int, (ulong Height, byte Code)>[] _clients = [[], [], []];
        private readonly int[] _floors = new int[3];

        public List<(int Client, int Sequence)> Executed { get; } = [];

        public List<(ulong Height, byte Code)[]> Execute(ulong height, (int Client, int First, byte[] Codes)[] runs)
        {
            List<(ulong Height, byte Code)[]> answers = [];
            foreach ((int client, int first, byte[] codes) in runs)
            {
                var answer = new (ulong Height, byte Code)[codes.Length];
                for (int i = 0; i < codes.Length; i++)
                {
                    int sequence = first + i;
                    if (sequence <= _floors[client])
                    {
                        answer[i] = (0, ReceiptCodes.Forgotten);
                    }
                    else if (_clients[client].TryGetValue(sequence, out answer[i]))
                    {
                        continue;
                    }
                    else
                    {
                        _clients[client][sequence] = answer[i] = (height, codes[i]);
                        Executed.Add((client, sequence));
                    }
                }

                answers.Add(answer);
            }

            for (int client = 0; client <= 2; client++)
            {
                Forget(client);
            }

            return answers;
        }

        public (ulong Height, byte Code)[]? Find(int client, int first, int count)
        {
            var answer = new (ulong Height, byte Code)[count];
            for (int i = 0; i < count; i++)
            {
                if (first + i <= _floors[client])
                {
                    answer[i] = (0, ReceiptCodes.Forgotten);
                }
                else if (!_clients[client].TryGetValue(first + i, out answer[i]))
                {
                    return null;
                }
            }

            return answer;
        }

        private void Forget(int client)
        {
            var known = _clients[client];
            while (known.Where(entry => !known.TryGetValue(entry.Key - 1, out var before) || before.Height != entry.Value.Height).Count() > Intervals)
            {
                int sequence = known.Keys.First();
                ulong height = known[sequence].Height;
                for (; known.TryGetValue(sequence, out var entry) && entry.Height == height; sequence++)
                {
                    known.Remove(sequence);
                    _floors[client] = sequence;
                }
            }
        }
    }
}
