using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Bft.Crypto;
using Bft.Engine;
using Bft.Engine.SharedKeys;
using Bft.Testnet.Clients;
using Bft.Testnet.CommandLine;
using Bft.Testnet.Homes;
using Bft.Testnet.Supervision;

namespace Bft.Testnet.Commands;

/// <summary><c>keygen</c>.</summary>
internal static class KeygenCommand
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(200);

    /// <summary>The command with its examples.</summary>
    public static (Command Command, string[] Examples) Build(CommandEnvironment environment)
    {
        var command = new Command("keygen", "Has the running validators make a shared key without a dealer, or share it anew, and waits for the outcome. f+1 validators must call for it: theirs are the homes.");
        var homes = new Option<string[]?>("--home") { Description = "Homes whose identity keys call, separated by commas; default those of the data directory, as many as are needed.", HelpName = "DIR,…", CustomParser = Values.List };
        var phase = new Option<int?>("--phase-blocks") { Description = "How many heights a phase lasts at the most; at least 5 + 4f, default 100, above 22 validators a fifth of the square of their number.", HelpName = "N", CustomParser = Values.OptionalBetween(1, GenerationCall.MostPhaseBlocks) };
        var height = new Option<ulong?>("--effect-height") { Description = "The height from which the key is the consortium's, at the earliest.", HelpName = "H", CustomParser = Values.OptionalLong(1, 1UL << 60) };
        var after = new Option<int?>("--effect-after") { Description = "The same as a number of heights after the end of the generation.", HelpName = "N", CustomParser = Values.OptionalBetween(0, int.MaxValue) };
        var reshare = new Option<bool>("--reshare") { Description = "Share the present key anew, to the same committee or to --receivers; the key stays, old shares are erased." };
        var receivers = new Option<string[]?>("--receivers") { Description = "With --reshare: numbers of validators or identity keys (64 digits), separated by commas.", HelpName = "ID,…", CustomParser = Values.List };
        foreach (Option option in new Option[] { homes, phase, height, after, reshare, receivers })
        {
            command.Options.Add(option);
        }

        TargetOptions target = TargetOptions.ForWriting(environment, command);
        command.SetAction(async (result, cancellation) =>
        {
            ClientTarget whom = target.Target(result);
            if (result.GetValue(receivers) is { Length: > 0 } && !result.GetValue(reshare))
            {
                throw CommandException.Usage("--receivers goes with --reshare", "bft keygen");
            }

            int length = PhaseLength(result.GetValue(phase), whom.Genesis.Committee);
            ImmutableArray<string> callers = [.. result.GetValue(homes) is { Length: > 0 } named ? named : DefaultHomes(target.ClientDirectory(result), whom.Genesis)];
            ImmutableArray<ReadOnlyMemory<byte>> to = [.. (result.GetValue(receivers) ?? []).Select(text => ReceiverOf(text, whom.Genesis))];
            Replies replies = environment.Replies(result);
            using ClientIdentity identity = target.Identity(result, whom.Genesis);
            await using ITransactionClient client = environment.Composition.Clients.Transactions(whom, identity);
            await using IStatusClient status = environment.Composition.Clients.Status(whom);
            return await target.WithinAsync(
                result,
                async limit =>
                {
                    StatusRound round = await StatusRound.AskAsync(status, [.. whom.WithCommittee()], limit);
                    Digest last = Agreed(round, view => view.Key?.Generation == view.Last ? view.Key : view.Failure, whom.Genesis)?.Generation ?? Digest.None;
                    SharedKeyOutcome? present = result.GetValue(reshare) ? await PresentAsync(status, whom, limit) : null;
                    var call = new GenerationCall(
                        0, length, new Height(result.GetValue(height) ?? 0), result.GetValue(after) ?? 0, present?.Generation ?? Digest.None, to);
                    Height called = await CallAsync(client, callers, whom.Genesis, call, last, limit);
                    replies.Say($"called for at height {called}");
                    SharedKeyOutcome outcome = await OutcomeAsync(status, whom, called, replies, limit);
                    return Answer(replies, KeygenReport.Of(outcome, whom.Genesis, present));
                },
                cancellation);
        });
        return (command, ["bft keygen", "bft keygen --effect-after 1000 --json", "bft keygen --reshare --receivers 0,1,3", "bft keygen --home node-2 --genesis genesis.json --timeout 10m"]);
    }

    private static int PhaseLength(int? asked, Committee committee)
    {
        int least = GenerationCall.LeastPhaseBlocks(committee), length = asked ?? GenerationCall.SuggestedPhaseBlocks(committee);
        return length >= least ? length : throw CommandException.Usage(
            string.Create(
                CultureInfo.InvariantCulture,
                $"a phase of {length} heights is too short: a word is in the log {GenerationCall.HeightsToBeHeard} heights after its phase began at the earliest, and {committee.FaultBound} faulty leaders in a row may leave it out of {GenerationCall.HeightsOfALeader} each"),
            "bft keygen",
            string.Create(CultureInfo.InvariantCulture, $"choose --phase-blocks {least} or more"));
    }

    private static int Answer(Replies replies, KeygenReport report)
    {
        if (report.Failure is { } failure)
        {
            throw new CommandException($"the generation failed: {failure}", report.Generation, "see who is blamed, mend that, and run it again") { Report = report };
        }

        replies.Answer(report, report.Describe);
        return ExitCodes.Success;
    }

    private static IEnumerable<string> DefaultHomes(DataLayout data, Genesis genesis) =>
        Enumerable.Range(0, genesis.Validators.Length).Select(i => data.Home(i).Root).Where(Directory.Exists).Take(genesis.Committee.HonestSize);

    private static ReadOnlyMemory<byte> ReceiverOf(string text, Genesis genesis) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number < genesis.Validators.Length ? genesis.Identities[number]
        : text.Length == 64 && text.All(char.IsAsciiHexDigit) ? Convert.FromHexString(text)
        : throw CommandException.Usage($"\"{text}\" is neither the number of a validator nor an identity key", "bft keygen");

    private static async Task<SharedKeyOutcome> PresentAsync(IStatusClient status, ClientTarget whom, CancellationToken cancellation)
    {
        StatusRound round = await StatusRound.AskAsync(status, [.. whom.WithCommittee()], cancellation);
        return Agreed(round, view => view.Key, whom.Genesis)
            ?? throw new CommandException("there is no shared key that f+1 validators tell of", string.Join(", ", whom.Endpoints), "generate one first, with \"bft keygen\"");
    }

    // The validators' own words, each signed by its identity key; submitted by whatever client runs this command.
    private static async Task<Height> CallAsync(ITransactionClient client, ImmutableArray<string> homes, Genesis genesis, GenerationCall call, Digest last, CancellationToken cancellation)
    {
        if (homes.IsEmpty)
        {
            throw new CommandException("no validator's home is here to call for a generation", "--home", "name the homes of f+1 validators, or run it at each of their operators");
        }

        var commands = new List<ReadOnlyMemory<byte>>();
        foreach (string home in homes)
        {
            NodeSettings settings = NodeSettings.Read(home);
            if (settings.Genesis.ChainId != genesis.ChainId)
            {
                throw new CommandException("this home is of another chain", home, "name homes of the chain that is talked to");
            }

            using ValidatorKeys keys = ValidatorKeys.Open(settings);
            commands.Add(new GenerationParticipant(genesis.ToChain(), keys.Identity).Call(settings.Config.Validator, call, last));
        }

        ulong first = await client.ReserveAsync(commands.Count, cancellation);
        RunResult run = await client.SubmitAsync(first, commands, cancellation);
        for (int i = 0; i < commands.Count; i++)
        {
            if (run.CodeAt(i) is not (SharedKeyCodes.Ok or SharedKeyCodes.AlreadySaid))
            {
                throw new CommandException($"the call was ordered, but {ResultCodes.Describe(run.CodeAt(i))}", homes[i], "wait until the running generation ended, see \"bft status\"");
            }
        }

        return run.Height;
    }

    private static async Task<SharedKeyOutcome> OutcomeAsync(IStatusClient status, ClientTarget whom, Height called, Replies replies, CancellationToken cancellation)
    {
        GenerationPhase? told = null;
        while (true)
        {
            StatusRound round = await StatusRound.AskAsync(status, [.. whom.WithCommittee()], cancellation);
            SharedKeyOutcome? ended = Agreed(round, view => After(view.Key, called) ?? After(view.Failure, called), whom.Genesis);
            if (ended is not null)
            {
                return ended;
            }

            if (round.Statuses.Select(one => one?.SharedKeys?.Running).FirstOrDefault(running => running is not null) is { } running && running.Phase != told)
            {
                told = running.Phase;
                replies.Say($"{running.Phase.ToString().ToLowerInvariant()}, until height {running.Deadline} at the latest");
            }

            await Task.Delay(AskEvery, cancellation);
        }
    }

    private static SharedKeyOutcome? After(SharedKeyOutcome? outcome, Height called) => outcome is not null && outcome.FinishedAt > called ? outcome : null;

    // One validator's word is not enough: f+1 must say the same.
    private static SharedKeyOutcome? Agreed(StatusRound round, Func<SharedKeyView, SharedKeyOutcome?> which, Genesis genesis) => round.Statuses
        .Where(one => one?.SharedKeys is not null)
        .DistinctBy(one => one!.Id)
        .Select(one => which(one!.SharedKeys!))
        .Where(outcome => outcome is not null)
        .GroupBy(outcome => Convert.ToHexString(outcome!.Encode()))
        .FirstOrDefault(same => same.Count() >= genesis.Committee.HonestSize)?.First();

    private sealed record BlameReport(int? Validator, string Member, string Reason);

    private sealed record KeygenReport(
        string Generation,
        string? Failure,
        string? GroupKey,
        ulong EffectHeight,
        ulong FinishedAt,
        int Threshold,
        int Shares,
        IReadOnlyList<int> Qualified,
        IReadOnlyList<BlameReport> Blamed,
        IReadOnlyList<string> Commitments,
        IReadOnlyList<string> ShareKeys,
        bool Reshared)
    {
        public static KeygenReport Of(SharedKeyOutcome outcome, Genesis genesis, SharedKeyOutcome? present)
        {
            ImmutableArray<ReadOnlyMemory<byte>> dealers = present?.Receivers ?? genesis.Identities;
            return new KeygenReport(
                outcome.Generation.ToString(),
                outcome.Failure,
                outcome.Commitments?.GroupKey.ToString(),
                outcome.EffectHeight.Value,
                outcome.FinishedAt.Value,
                outcome.Threshold,
                outcome.Holders.Count,
                [.. outcome.Qualified.ToArray()],
                [.. outcome.Blamed.Select(blame => BlameOf(blame, (blame.IsReceiver ? outcome.Receivers : dealers)[blame.Place], genesis))],
                [.. (outcome.Commitments?.Encode() ?? []).Select(point => Convert.ToHexStringLower(point.Span))],
                outcome.Commitments is null ? [] : [.. Enumerable.Range(0, outcome.Receivers.Length).Select(place => Convert.ToHexStringLower(outcome.ShareKey(place)))],
                outcome.Reshares != Digest.None);
        }

        public string Describe() => string.Create(CultureInfo.InvariantCulture, $"""
            group key {GroupKey}{(Reshared ? " (shared anew)" : "")}
            {Threshold} of {Shares} shares sign together; in effect from height {EffectHeight}
            """) + string.Concat(Blamed.Select(blame => $"\nblamed: {(blame.Validator is { } validator ? $"validator {validator}" : blame.Member)} {blame.Reason}"));

        private static BlameReport BlameOf(Blame blame, ReadOnlyMemory<byte> identity, Genesis genesis)
        {
            int validator = -1;
            for (int i = 0; i < genesis.Validators.Length; i++)
            {
                validator = genesis.Identities[i].Span.SequenceEqual(identity.Span) ? i : validator;
            }

            return new BlameReport(validator < 0 ? null : validator, Convert.ToHexStringLower(identity.Span), blame.Describe());
        }
    }
}
